"""How right merging is: real catalogues dealt to ten libraries and damaged, hard negatives, and DBLP x ACM.

``LAMPWAY_TEST_DATA`` names the folder of the real catalogues. Of records that are one by title, family name and year,
or that share an ISBN, only the first is dealt, so that the truth is the origin.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.coverage_sources import CATALOGUES
from benchmarks.merging_damage import DAMAGES, hard_negatives, without_identifiers
from harvester.fetching import Client, FetchError
from harvester.formats import FORMATS
from harvester.normalise import read_all
from harvester.protocols import PROTOCOLS
from indexer.analysis import title_key
from indexer.merging.clusters import Clusters, cluster
from indexer.merging.keys import features_of
from indexer.merging.names import first_creator
from schemas.catalogue import CatalogueRecord, Creator, Host, Source
from store.sources import SourceState

NAMES = ("marc-uva-solrmarc, 2,000", "marc-evergreen, binary", "library-goodbooks10k", "marc-princeton-bibdata",
         "marc-princeton-liberation", "museum-tate, simplified")  # fmt: skip
TWICE = frozenset({"rero-ils, documents as JSON"})
"""Catalogues that are here in another format as well: nothing could tell their copies from wrong merges."""
HELD_OUT = ("library-bl-flickr-books", "rero-ils", "marc-traject", "marc-cnmarc-dp2", "unimarc-pica-qa-catalogue")
"""Catalogues on which no rule was tuned: mostly books of the nineteenth century, many with editions a year apart."""
LIBRARIES, SEED = 10, 20_261
_SCRIPTS = {"Chinese, Japanese, Korean": r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", "Cyrillic": r"[\u0400-\u04ff]",
            "Hebrew": r"[\u0590-\u05ff]", "Arabic": r"[\u0600-\u06ff]"}  # fmt: skip
_COLUMN = re.compile(r"COL (\w+) VAL (.*?)(?= COL \w+ VAL|$)")


class Copy(msgspec.Struct):
    """One library's record with its truth."""

    origin: int
    damage: str
    identified: bool
    script: str
    record: CatalogueRecord


def run(folder: str = "") -> dict[str, Any]:
    """Deal, merge, compare."""
    data = Path(folder or os.environ.get("LAMPWAY_TEST_DATA", ""))
    if not (data / "dedup-dblp-acm").is_dir():
        return {"skipped": "LAMPWAY_TEST_DATA does not name the folder of the real catalogues"}
    origins = list(_distinct(_catalogue_records(data)))
    copies = deal(origins)
    began = time.process_time()
    clusters = _cluster(copy.record for copy in copies)
    seconds = time.process_time() - began
    right, together, all_pairs = _pairs(copies, clusters)
    precision, recall = right / max(together, 1), right / max(all_pairs, 1)
    rows = [
        {"what": "records dealt, of origins", "value": f"{len(copies):,}, {len(origins):,}"},
        {"what": "edition, precision of pairs", "value": f"{precision:.4f}", "target": ">= 0.995"},
        {"what": "edition, recall of pairs", "value": f"{recall:.4f}", "target": ">= 0.95"},
        {"what": "edition, F1 of pairs", "value": f"{2 * precision * recall / (precision + recall):.4f}"},
        {"what": "edition, B-cubed precision, recall", "value": "{:.4f}, {:.4f}".format(*_b_cubed(copies, clusters))},
        {"what": "largest edition (copies), libraries", "value": f"{max(Counter(clusters.edition.tolist()).values())}, "
         f"{LIBRARIES}"},
        {"what": "records per CPU second, clustering alone", "value": f"{len(copies) / seconds:,.0f}"},
    ]  # fmt: skip
    rows += _shares("recall, damage", copies, clusters, lambda copy: copy.damage)
    rows += _shares("recall, script", copies, clusters, lambda copy: copy.script)
    rows += _shares("recall, pairs with", copies, clusters, lambda c: f"{'' if c.identified else 'no '}identifier kept")
    rows += _negatives(origins)
    rows.append(_crowded(origins, copies))
    rows += _held_out(data)
    rows.append(_dblp_acm(data))
    command = "LAMPWAY_TEST_DATA=... python -m benchmarks merging"
    return {"title": "Merging, rightness", "command": command, "rows": rows}


def _held_out(data: Path) -> list[dict[str, str]]:
    copies = deal(list(_distinct(_catalogue_records(data, HELD_OUT))))
    right, together, all_pairs = _pairs(copies, _cluster(copy.record for copy in copies))
    return [{"what": f"catalogues that nothing was tuned on, {len(copies):,} copies: precision, recall",
             "value": f"{right / together:.4f}, {right / all_pairs:.4f}"}]  # fmt: skip


def deal(origins: list[CatalogueRecord]) -> list[Copy]:
    """Each library takes a third of the origins; half of the copies lose their identifiers, each has one damage."""
    rng, copies = random.Random(SEED), []
    for library in range(LIBRARIES):
        for number, origin in enumerate(origins):
            if origin.unique or rng.random() > 0.3:
                continue
            damage, identified = rng.choice(list(DAMAGES)), rng.random() < 0.5
            record = msgspec.structs.replace(origin, source=f"library-{library}", record=str(number))
            record = record if identified else without_identifiers(record)
            hurt = DAMAGES[damage](record, rng)
            copies.append(Copy(number, damage if hurt != record else "none", identified, _script(origin), hurt))
    return copies


def _catalogue_records(folder: Path, names: Sequence[str] = NAMES) -> Iterator[CatalogueRecord]:
    client = Client()
    try:
        for catalogue in (c for c in CATALOGUES if c.name.startswith(tuple(names)) and c.name not in TWICE):
            for file in sorted(folder.glob(catalogue.glob)):
                source = Source(id="s", protocol=catalogue.protocol, location=str(file), format=catalogue.format,
                                mapping_text=catalogue.mapping)  # fmt: skip
                read = FORMATS[source.format](source)
                try:
                    for page in PROTOCOLS[source.protocol](source, SourceState(), {}, True, client).pages():
                        done, _ = read_all([(0, raw) for raw in page.records if not raw.deleted], read)
                        yield from (record for _, record in done if title_key(record.title))
                except FetchError as error:
                    print(f"{file.name}: {error}")
    finally:
        client.close()


def _distinct(found: Iterable[CatalogueRecord]) -> Iterator[CatalogueRecord]:
    seen: set[object] = set()
    for record in found:
        if record.unique:
            yield record
            continue
        title = (title_key(re.split(r" [:/] | \(", record.title)[0]), first_creator(record.creators), record.part)
        names: set[object] = {(*title, record.year), *record.isbns, *record.identifiers}
        if seen.isdisjoint(names):
            yield record
        seen |= names


def _script(record: CatalogueRecord) -> str:
    text = " ".join((record.title, *record.other_titles))
    return next((name for name, letters in _SCRIPTS.items() if re.search(letters, text)), "Latin")


def _cluster(found: Iterable[CatalogueRecord]) -> Clusters:
    return cluster([features_of(record) for record in found])


def _pairs(copies: list[Copy], clusters: Clusters) -> tuple[int, int, int]:
    """Pairs rightly together, together, and that should be together."""
    both: Counter[object] = Counter(zip(clusters.edition.tolist(), (c.origin for c in copies), strict=True))
    counts = (both, Counter(clusters.edition.tolist()), Counter(copy.origin for copy in copies))
    right, together, all_pairs = (sum(n * (n - 1) // 2 for n in count.values()) for count in counts)
    return right, together, all_pairs


def _b_cubed(copies: list[Copy], clusters: Clusters) -> tuple[float, float]:
    both = Counter(zip(clusters.edition.tolist(), (c.origin for c in copies), strict=True))
    found, true = Counter(clusters.edition.tolist()), Counter(copy.origin for copy in copies)
    precision = sum(n * n / found[label] for (label, _), n in both.items())
    return precision / len(copies), sum(n * n / true[origin] for (_, origin), n in both.items()) / len(copies)


def _shares(name: str, copies: list[Copy], clusters: Clusters, of: Any) -> list[dict[str, str]]:
    """For each kind of copy, the share of its true partners that it is together with."""
    groups: dict[int, list[int]] = defaultdict(list)
    for place, copy in enumerate(copies):
        groups[copy.origin].append(place)
    right, every = Counter[str](), Counter[str]()
    for places in groups.values():
        for place in places:
            every[of(copies[place])] += len(places) - 1
            right[of(copies[place])] += sum(clusters.edition[place] == clusters.edition[o] for o in places) - 1
    return [{"what": f"{name}: {kind}", "value": f"{right[kind] / every[kind]:.3f} of {every[kind]:,}",
             "target": ">= 0.90"} for kind in sorted(every) if every[kind]]  # fmt: skip


def _negatives(origins: list[CatalogueRecord]) -> list[dict[str, str]]:
    wrong, tried = Counter[str](), Counter[str]()
    for origin in random.Random(SEED).sample([o for o in origins if not o.unique], 1000):
        for kind, other in hard_negatives(origin).items():
            tried[kind] += 1
            wrong[kind] += len(set(_cluster((origin, other)).edition.tolist())) == 1
    unique = [origin for origin in origins if origin.unique][:5000]
    kinds = [{"what": f"hard negatives merged: {kind}", "value": f"{wrong[kind]} of {tried[kind]:,}", "target": "0"}
             for kind in tried]  # fmt: skip
    if unique:
        merged = len(unique) - len(set(_cluster(unique).work.tolist()))
        kinds.append({"what": "hard negatives merged: a museum's objects", "value": f"{merged} of {len(unique):,}",
                      "target": "0"})  # fmt: skip
    return kinds


def _crowded(origins: list[CatalogueRecord], copies: list[Copy]) -> dict[str, str]:
    """The hard negatives among the damaged copies of what they resemble: what is left out tells nothing apart."""
    dealt = sorted({copy.origin for copy in copies})
    beside: list[tuple[int, CatalogueRecord]] = []
    for number in random.Random(SEED + 1).sample(dealt, 2000):
        kinds = hard_negatives(origins[number])
        beside.append((number, kinds[random.Random(number).choice(sorted(kinds))]))
    labels = _cluster([*(copy.record for copy in copies), *(record for _, record in beside)]).edition.tolist()
    groups: dict[int, list[Copy]] = defaultdict(list)
    for copy, label in zip(copies, labels, strict=False):
        groups[label].append(copy)
    merged = [groups[label] for label in labels[len(copies) :] if groups[label]]
    whole = sum(any(copy.damage == "none" for copy in group) for group in merged)
    return {"what": "hard negatives beside damaged copies: merged with one, of these with a whole one",
            "value": f"{len(merged)}, {whole} of {len(beside):,}"}  # fmt: skip


def _dblp_acm(folder: Path) -> dict[str, str]:
    numbers: dict[tuple[int, str], int] = {}
    labelled: list[tuple[int, int, bool]] = []
    for name in ("train", "valid", "test"):
        file = folder / f"dedup-dblp-acm/Structured/DBLP-ACM/{name}.txt.gz"
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            one, other, label = line.rstrip("\n").split("\t")
            pair = [numbers.setdefault((side, text), len(numbers)) for side, text in enumerate((one, other))]
            labelled.append((pair[0], pair[1], label == "1"))
    labels = _cluster(_article(side, text) for side, text in numbers).edition.tolist()
    right = sum(same and labels[a] == labels[b] for a, b, same in labelled)
    said, true = sum(labels[a] == labels[b] for a, b, _ in labelled), sum(same for _, _, same in labelled)
    return {"what": "DBLP x ACM, F1 (precision, recall)", "target": ">= 0.96",
            "value": f"{2 * right / (said + true):.4f} ({right / said:.4f}, {right / true:.4f})"}  # fmt: skip


def _article(side: int, text: str) -> CatalogueRecord:
    told = {name: value.strip() for name, value in _COLUMN.findall(text.strip())}
    creators = [Creator(name.strip()) for name in told.get("authors", "").split(" , ") if name.strip()]
    return CatalogueRecord(source=f"s{side}", record=text, title=told["title"], creators=creators, type="article",
                           host=Host(title=told["venue"]) if told.get("venue") else None,
                           year=int(told["year"]) if told.get("year", "").isdigit() else None)  # fmt: skip
