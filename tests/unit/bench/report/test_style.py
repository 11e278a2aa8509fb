from bench.report.style import ARM_COLOURS, MARKERS, MORE_ARMS_COLOUR, arm_styles, contrast_to_white, readable


def test_the_baseline_is_black_and_every_other_arm_keeps_its_place_in_the_palette():
    styles = arm_styles(["", "baseline", "reference", ""])
    assert [style.colour for style in styles] == [ARM_COLOURS[0], "#000000", ARM_COLOURS[1], ARM_COLOURS[2]]


def test_twelve_arms_differ_in_colour_or_marker():
    styles = arm_styles(["baseline"] + [""] * 11)
    assert len(set(styles)) == 12
    assert len({style.marker for style in styles}) == 12 <= len(MARKERS)


def test_text_in_an_arms_colour_can_be_read_on_white():
    for colour in (*ARM_COLOURS, MORE_ARMS_COLOUR, "#F0E442"):
        red, green, blue = (int(readable(colour)[i : i + 2], 16) for i in (1, 3, 5))
        assert contrast_to_white(red, green, blue) >= 4.5
    assert contrast_to_white(0, 0, 0) == 21
