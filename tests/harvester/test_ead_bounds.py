"""A finding aid whose units repeat what stands above them, made to fill the disk."""

from __future__ import annotations

import io

from harvester.protocols.ead_units import split_units

RULE = "closed until 2090 " * 60_000


def aid(above: str, units: int) -> bytes:
    did = "<did><unittitle>{}</unittitle></did>"
    leaves = f"<c>{did.format('leaf')}</c>" * units
    begin = "<ead><eadheader><eadid>a</eadid></eadheader><archdesc level='fonds'>"
    return f"{begin}{did.format('Papers')}<dsc>{above}{leaves}".encode()


def test_a_long_rule_is_handed_down_by_its_beginning():
    head = f"<c><did><unittitle>Letters</unittitle></did><accessrestrict><p>{RULE}</p></accessrestrict>"
    units = dict(split_units(lambda: io.BytesIO(aid(head, 300) + b"</c></dsc></archdesc></ead>")))
    assert len(units) == 302
    assert RULE.encode() in units["a/1"]  # where it stands it is whole
    assert all(told in units["a/1.300"] for told in (b"Papers", b"Letters", b"closed until 2090"))
    assert sum(map(len, units.values())) < 2 * len(RULE)


def test_of_many_levels_the_collection_and_the_nearest_are_handed_down():
    levels = "".join(f"<c><did><unittitle>level {n} {'y' * 3000}</unittitle></did>" for n in range(100))
    units = dict(split_units(lambda: io.BytesIO(aid(levels, 50) + b"</c>" * 100 + b"</dsc></archdesc></ead>")))
    last = list(units.values())[-1]
    assert len(units) == 151
    assert [told in last for told in (b"Papers", b"level 99 ", b"level 10 ")] == [True, True, False]
    assert max(map(len, units.values())) < 100_000


def test_usual_aids_are_handed_down_whole():
    head = f"<c><did><unittitle>Letters</unittitle></did><accessrestrict><p>{RULE[:9000]}</p></accessrestrict>"
    units = dict(split_units(lambda: io.BytesIO(aid(head, 1) + b"</c></dsc></archdesc></ead>")))
    assert RULE[:9000].encode() in units["a/1.1"]
