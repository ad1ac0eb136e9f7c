"""One work as it is shown: its description, its editions, and every holding judged as the search judges it."""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np

from schemas.catalogue import CatalogueRecord, Holding, Service, Source
from schemas.institution import Institution
from schemas.query import Mode, Point, SearchRequest
from schemas.work import Work
from search_api.best_holding import BestHoldings
from search_api.context import Context
from search_api.given import given, open_records
from search_api.ranking.combine import OUT, Measure
from search_api.ranking.reasons import Reasons
from search_api.ranking.rules import load_rules
from search_api.ranking.situation import situation
from search_api.views import AddressView, CreatorView, EditionView, HoldingView, Moved, RecordRef, WorkView
from search_api.web.addresses import safe_links, safe_url
from store import records, works

Records = dict[int, tuple[Source, CatalogueRecord]]


def work_view(
    context: Context,
    id_: str,
    *,
    near: Point | None = None,
    at: datetime,
    mode: Mode = "walk",
    lang: str = "en",
    service: tuple[Service, ...] = (),
    for_others: bool = False,
) -> WorkView | Moved | None:
    """A work for somebody at a place and a moment; Moved when it became part of another, None when there is none.

    Args:
        context: the context.
        id_: the work's public id.
        near: where they are; None = distance plays no part.
        at: when they set out, time zone aware.
        mode: how they travel.
        lang: language of the reasons.
        service: what they want to do; holdings that do not offer it come last.
        for_others: as it is given away, without what withheld sources say; None where nothing is left.
    """
    with context.database.connect() as connection:
        work = None if "\0" in id_ else works.get(connection, id_)
        if not isinstance(work, Work):
            return Moved(work) if work else None
        ids = [record for edition in work.editions for record in edition.record_ids]
        found = records.with_sources(connection, ids)
    withheld = any(source.withheld for source, _ in found.values())
    if withheld and for_others:
        told = given(work, found)
        if told is None:
            return None
        work, found = told, open_records(found)
    request = SearchRequest(near=near, at=at, mode=mode, lang=lang, service=service)
    holdings = _holdings(context, work, request, found)
    view = _view(work, holdings, found)
    view.withheld = withheld
    return view


def work_asked_for(
    context: Context, id_: str, question: SearchRequest, *, for_others: bool = False
) -> WorkView | Moved | None:
    """``work_view`` for whoever asks a question: from where, when, how and for what."""
    return work_view(
        context,
        id_,
        near=question.near,
        at=question.at,
        mode=question.mode,
        lang=question.lang,
        service=question.service,
        for_others=for_others,
    )


def _holdings(context: Context, work: Work, request: SearchRequest, found: Records) -> list[HoldingView]:
    """All holdings, best first; those that do not offer the service asked for are judged without it, after the rest."""
    rules, view, registry = load_rules(), context.columns().view, context.registry()
    here = situation(registry, request.near, request.at, request.mode, rules, context.clock())
    numbers = np.array([work.number], np.int64)
    reasons = Reasons(request.lang)
    edition_of = {record: edition.id for edition in work.editions for record in edition.record_ids}
    shown: dict[tuple[int, int], tuple[bool, HoldingView]] = {}
    for services in dict.fromkeys((request.service, ())):
        asked = msgspec.structs.replace(request, service=services, explain=True)
        with context.database.connect() as connection:
            judged = BestHoldings(connection, asked, numbers, view, Measure(asked, here, rules), reasons, every=True)
        for row, value in judged.each():
            best, record, ordinal, states = judged.told(row)
            if value == OUT or (record, ordinal) in shown or record not in found:
                continue
            signals = judged.signals_of(row, rules)
            source, described = found[record]
            holding = described.holdings[ordinal] if 0 <= ordinal < len(described.holdings) else Holding()
            shown[record, ordinal] = (
                services == request.service,
                HoldingView(
                    best=best,
                    score=sum(signal.weight * signal.score for signal in signals.values()),
                    signals=signals,
                    services=states,
                    edition=edition_of.get(record, ""),
                    source=source.id,
                    record=described.record,
                    key=holding.key,
                    address=_address(registry.by_id.get(best.institution_id or "")),
                    copies=holding.copies,
                    status=holding.status,
                    note=holding.note,
                    url=safe_url(holding.url),
                ),
            )
    ordered = sorted(shown.values(), key=lambda pair: (not pair[0], -pair[1].score, _kilometres(pair[1])))
    return [holding for _, holding in ordered]


def _address(place: Institution | None) -> AddressView | None:
    if place is None:
        return None
    return AddressView(
        street=place.address,
        city=place.city,
        postcode=place.postcode,
        region=place.region,
        country=place.country,
    )


def _kilometres(holding: HoldingView) -> float:
    return float("inf") if holding.best.distance_km is None else holding.best.distance_km


def _view(work: Work, holdings: list[HoldingView], found: Records) -> WorkView:
    return WorkView(
        id=work.id,
        number=work.number,
        title=work.title,
        other_titles=work.other_titles,
        part=work.part,
        creators=[CreatorView(name=creator.name, role=creator.role) for creator in work.creators],
        publisher=work.publisher,
        publication_place=work.publication_place,
        year=work.year,
        date=work.date,
        type=work.type,
        languages=work.languages,
        isbns=work.isbns,
        issns=work.issns,
        identifiers=work.identifiers,
        subjects=work.subjects,
        series=work.series,
        extent=work.extent,
        description=work.description,
        links=safe_links(work.links),
        thumbnail=safe_url(work.thumbnail),
        host=work.host,
        unit_id=work.unit_id,
        path=work.path,
        editions=[
            EditionView(
                id=edition.id,
                year=edition.year,
                languages=edition.languages,
                isbns=edition.isbns,
                publisher=edition.publisher,
                edition=edition.edition,
                holdings_count=sum(holding.edition == edition.id for holding in holdings),
                records=[
                    RecordRef(source=found[id_][0].id, record=found[id_][1].record)
                    for id_ in edition.record_ids
                    if id_ in found
                ],
            )
            for edition in work.editions
        ],
        holdings=holdings,
        holdings_count=len(holdings),
        institutions_count=len({h.best.institution_id for h in holdings if h.best.institution_id}),
    )
