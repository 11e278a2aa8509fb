"""What every test relies on: hypothesis draws the same examples each time and sets no deadline on a shared machine."""

from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
