"""Puts the web application together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

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
    app.state.context = context
    app.state.metrics = Metrics()
    app.state.metrics.watch(Gauges(context))
    app.state.counts = health.counts_of(context.database)
    app.state.sitemap = sitemap.parts_of(context.database)
    app.state.live = LiveLookups(context.database, fetch, app.state.metrics) if fetch else None
    app.state.merges = merging
    app.add_middleware(Negotiation, base=context.settings.public_url.rstrip("/"))
    app.add_middleware(EntityTags)
    app.state.tries, app.state.mail = Tries(), Mail(context.settings, app.state.metrics.mail)
    app.state.provider = Provider(context.settings)
    app.state.outside, app.state.trials = outside, Trials(context.database, context.settings, outside)
    app.add_middleware(Compression)
    app.add_middleware(  # the last one added is the first one passed
        Front,
        headers=ResponseHeaders(context.settings),
        limiter=RateLimiter(context.settings.rate_limit),
        metrics=app.state.metrics,
    )
    errors.install(app)
    errors.show_errors_as_pages(app, error_page)
    for router in (*ROUTERS, *ACCOUNT_ROUTERS):
        app.include_router(router)
    description.install(app)
    return app
