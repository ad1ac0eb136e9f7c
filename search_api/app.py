"""Puts the web application together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from config.settings import Settings
from search_api import errors
from search_api.accounts.log_in import Tries
from search_api.accounts.mail import Mail
from search_api.accounts.outside import Outside
from search_api.accounts.provider import Provider
from search_api.accounts.trying import Trials
from search_api.availability.base import Fetch
from search_api.availability.live import LiveLookups
from search_api.compression import Compression
from search_api.context import Context
from search_api.entity_tags import EntityTags
from search_api.front import Front
from search_api.gauges import Gauges
from search_api.headers import ResponseHeaders
from search_api.merges import Merges
from search_api.metrics import Metrics
from search_api.negotiation import Negotiation
from search_api.rate_limit import RateLimiter
from search_api.routes import (
    availability,
    daia,
    description,
    docs,
    embedding,
    formats,
    health,
    institution_edit,
    institutions,
    merges,
    metrics,
    nearby,
    numbers,
    oai,
    ogc,
    opensearch,
    openurl,
    own_institution,
    own_registrations,
    search,
    sitemap,
    sources,
    sru,
    unapi,
    works,
)
from search_api.web import (
    account_pages,
    institution_area,
    leaving_pages,
    log_in_pages,
    operator_area,
    operator_records,
    pages,
    passkey_pages,
    provider_pages,
    register_pages,
    registration_pages,
    shelf_area,
    why_pages,
)
from search_api.web.error_pages import error_page

ROUTERS = tuple(
    module.router
    for module in (
        formats,  # before the addresses without suffix, which would take the suffix for a part of the id
        *(numbers, unapi),
        *(search, works, merges, nearby, institutions, institution_edit, availability, sources),
        *(daia, embedding, oai, ogc, opensearch, openurl, sru, sitemap, health, metrics, docs, pages),
    )
)

ACCOUNT_ROUTERS = tuple(
    module.router
    for module in (
        *(log_in_pages, account_pages, passkey_pages, provider_pages, register_pages, registration_pages),
        *(leaving_pages, institution_area, shelf_area, operator_records, operator_area),
        *(why_pages, own_institution, own_registrations),
    )
)
"""Each route of these says who may use it (``search_api.accounts.guard``)."""


def create_app(
    context: Context,
    fetch: Fetch | None = None,
    outside: Outside | None = None,
    *,
    merging: Merges | None = None,
) -> FastAPI:
    """The application over an open context, which stays the caller's to close.

    Args:
        context: settings, store, engine and registry.
        fetch: asks an outside address through the guarded client; None = no live look-ups.
        outside: what registering needs of the harvester; None = nothing can be registered here.
        merging: explains works and takes decisions about them; None = it does neither.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.trials.close()
        app.state.mail.close()
        if app.state.live:
            app.state.live.close()

    app = FastAPI(
        title="Lampway",
        version=version("lampway"),
        description="Where can I get or see this today? One search over many libraries, archives and museums.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,  # such redirects would carry the Host that the client sent
        lifespan=lifespan,
    )
    _equip(app, context, fetch, outside, merging)
    _add_middleware(app, context.settings)
    errors.install(app)
    errors.show_errors_as_pages(app, error_page)
    for router in (*ROUTERS, *ACCOUNT_ROUTERS):
        app.include_router(router)
    description.install(app)
    return app


def _equip(
    app: FastAPI, context: Context, fetch: Fetch | None, outside: Outside | None, merging: Merges | None
) -> None:
    """Give the application what its routes ask for (``search_api.dependencies``)."""
    state, database, settings = app.state, context.database, context.settings
    state.context, state.merges, state.outside = context, merging, outside
    state.metrics = Metrics()
    state.metrics.watch(Gauges(context))
    state.counts, state.sitemap = health.counts_of(database), sitemap.parts_of(database)
    state.live = LiveLookups(database, fetch, state.metrics) if fetch else None
    state.tries, state.mail, state.provider = Tries(), Mail(settings, state.metrics.mail), Provider(settings)
    state.trials = Trials(database, settings, outside)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the first one passed."""
    app.add_middleware(Negotiation, base=settings.public_url.rstrip("/"))
    app.add_middleware(EntityTags)
    app.add_middleware(Compression)
    app.add_middleware(
        Front,
        headers=ResponseHeaders(settings),
        limiter=RateLimiter(settings.rate_limit),
        metrics=app.state.metrics,
    )
