"""The registry: plug-ins are found without being imported, and what is missing is said."""

import sys
from importlib.metadata import EntryPoint

import pytest

from recsys.errors import MissingLibrary, UnknownKind
from recsys.registry import Registry

PLAIN = '''"""Says hello.

More words.
"""
from {package} import THINGS


@THINGS.register("plain")
class Plain:
    pass
'''
HEAVY = '''"""Needs something that nobody has."""
REQUIRES = ("no_such_library",)
EXTRA = "heavy"
import no_such_library
from {package} import THINGS


@THINGS.register("heavy")
class Heavy:
    pass
'''
PACKAGE = """from recsys.registry import Registry
THINGS = Registry("{package}", "thing")
"""


@pytest.fixture
def things(tmp_path, monkeypatch):
    """A package of two plug-ins, one of which cannot be imported, and a module that is none."""
    package = f"plugins_of_{tmp_path.name}"
    folder = tmp_path / package
    folder.mkdir()
    sources = {"__init__": PACKAGE, "plain": PLAIN, "heavy": HEAVY, "protocol": "raise RuntimeError\n"}
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source.format(package=package), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield __import__(package).THINGS
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]


def test_listing_imports_nothing(things):
    assert things.kinds() == ("heavy", "plain")
    heavy, plain = things.entries()
    assert (plain.kind, plain.summary, plain.requires, plain.missing) == ("plain", "Says hello.", (), ())
    assert (heavy.kind, heavy.requires, heavy.missing) == ("heavy", ("no_such_library",), ("no_such_library",))
    assert heavy.install_hint == "pip install 'llm-rec-bench[heavy]'"
    assert not {f"{things.package}.{name}" for name in ("plain", "heavy", "protocol")} & set(sys.modules)


def test_a_kind_is_imported_when_it_is_used(things):
    assert things.get("plain").__name__ == "Plain"
    assert things.get("plain") is things.get("plain")


def test_a_missing_library_is_not_an_unknown_kind(things):
    with pytest.raises(MissingLibrary, match=r'thing "heavy" needs no_such_library.*Next: pip install'):
        things.get("heavy")


@pytest.mark.parametrize("ask", ["get", "entry"])
def test_an_unknown_kind_is_told_with_the_known_ones(things, ask):
    with pytest.raises(UnknownKind, match=r'unknown thing "plan" \(did you mean "plain"\?\). Known: heavy, plain'):
        getattr(things, ask)("plan")


def test_a_kind_is_registered_once():
    registry = Registry("recsys.index", "index")
    registry.register("mine")(int)
    registry.register("mine")(int)
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("mine")(str)


def test_a_package_outside_the_project_registers_through_an_entry_point(monkeypatch):
    point = EntryPoint("theirs", "collections:OrderedDict", "llm_rec_bench.index")
    monkeypatch.setattr("recsys.registry._declared", lambda: (point,))
    registry = Registry("recsys.index", "index")
    assert "theirs" in registry.kinds()
    assert any(entry.kind == "theirs" and "collections" in entry.summary for entry in registry.entries())
    assert registry.get("theirs").__name__ == "OrderedDict"
    assert registry.entry("theirs").missing == ()
