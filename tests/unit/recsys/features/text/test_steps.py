"""Each text step on texts whose answer is plain to a reader."""

import threading

import pytest

from recsys.features.text import build_cleaner

OFF = {"markup": False, "normalise": False}


def only(**step):
    """A cleaner with one step."""
    return build_cleaner(OFF | step)


@pytest.mark.parametrize(
    ("step", "raw", "clean"),
    [
        ({"normalise": {"drop_invisible": True}}, "ket\u00adtle\u200b \ufeffpot", "kettle pot"),
        ({"normalise": {"drop_invisible": True}}, "👩\u200d👧", "👩\u200d👧"),
        ({"normalise": "NFC"}, "ﬁsh", "ﬁsh"),
        ({"normalise": "NFKC"}, "ﬁsh ｋｅｔｔｌｅ", "fish kettle"),
        ({"urls": True}, "See https://www.example.com/a?b=1&c=2#d. Now", "See . Now"),
        ({"urls": True}, "WWW.EXAMPLE.ORG (http://a.b)", "( )"),
        ({"urls": True}, "电影http://www.example.com/a好看", "电影 好看"),
        ({"urls": True}, "httpd and www without a point", "httpd and www without a point"),
        ({"emoji": "drop"}, "film 🎬, family 👨‍👩‍👧 flag 🇩🇪 hand 👋🏽!", "film , family flag hand !"),
        ({"emoji": "name"}, "film🎬night", "film clapper board night"),
        ({"emoji": "keep"}, "film 🎬", "film 🎬"),
        ({"emoji": True}, "1 # © café 电影", "1 # café 电影"),
        ({"punctuation": True}, "“Tea” (hot), e-mail: don't… 3.5 % -", "Tea hot e-mail don't 3.5"),
        ({"punctuation": True}, "red,blue snake_case a.b £4", "red blue snake case a b 4"),
        ({"punctuation": True}, "电影，科幻电影。 अच्छी", "电影 科幻电影 अच्छी"),
        ({"case_folding": True}, "STRASSE Straße ΣΊΣΥΦΟΣ", "strasse strasse σίσυφοσ"),
        ({"stop_words": True}, "The kettle and the pot, can't they?", "kettle pot, ?"),
        ({"stop_words": True}, "The Who", "The Who"),
        ({"stop_words": {"also": ["kettle"]}}, "a Kettle pot", "pot"),
        ({"stem": True}, "Kettles running, 电影 relational", "kettl run, 电影 relat"),
        ({"stem": "russian"}, "красивые книги", "красив книг"),
    ],
)
def test_known_answers(step, raw, clean):
    assert only(**step)(raw) == clean


CATALOGUE = ["A kettle", "The kettle sings", "Film makers work", "film makers talk", "zorblax", "科幻电影", "科幻电影"]


def spelling(**options):
    cleaner = only(spelling=options or True)
    cleaner.fit(CATALOGUE)
    return cleaner


@pytest.mark.parametrize(
    ("raw", "mended"),
    [
        ("ketle", "kettle"),
        ("kettlle", "kettle"),
        ("kwttle", "kettle"),
        ("ektlte", "ektlte"),
        ("kettel", "kettle"),
        ("KETLE Ketle", "KETTLE Kettle"),
        ("mkaers'", "makers'"),
        ("nettle", "nettle"),
        ("flim", "film"),
        ("fim", "fim"),
        ("zorblaxx", "zorblaxx"),
        ("科幻影片 2026x", "科幻影片 2026x"),
    ],
)
def test_words_are_mended_into_the_catalogues_own(raw, mended):
    assert spelling()(raw) == mended


def test_without_a_dictionary_a_rare_word_is_taken_for_a_slip():
    assert spelling(dictionary="none")("nettle") == "kettle"
    assert spelling(dictionary="none", min_texts=1)("zorblaxx") == "zorblax"


def test_two_edits_are_for_long_words_alone():
    cleaner = only(spelling={"max_edits": 2})
    cleaner.fit(["documentary film"])
    assert cleaner("docmentaryy") == "documentary"
    assert cleaner("fiilmm") == "fiilmm"
    once = only(spelling=True)
    once.fit(["documentary film"])
    assert once("docmentaryy") == "docmentaryy"


def test_a_step_that_has_learnt_nothing_mends_nothing():
    assert only(spelling=True)("ketle") == "ketle"


def test_words_are_changed_the_same_from_several_threads():
    """The libraries behind stems and spelling keep state while they work on a word."""
    cleaner = build_cleaner({"spelling": {"min_texts": 1, "dictionary": "none"}, "stem": True})
    words = [
        f"{front}{middle}{back}" for front in ("run", "walk") for middle in "aeiou" for back in ("ning", "ational")
    ]
    cleaner.fit([" ".join(words)])
    texts = [f"{word[:4]}x{word[4:]}" for word in words] * 20
    alone = [build_and_clean(words, text) for text in texts[: len(words)]] * 20
    found: dict[int, list[str]] = {}
    threads = [
        threading.Thread(target=lambda place=place: found.update({place: [cleaner(text) for text in texts]}))
        for place in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[place] == alone for place in range(4))


def build_and_clean(words, text):
    cleaner = build_cleaner({"spelling": {"min_texts": 1, "dictionary": "none"}, "stem": True})
    cleaner.fit([" ".join(words)])
    return cleaner(text)
