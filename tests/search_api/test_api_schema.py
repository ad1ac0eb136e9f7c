"""The description of the API holds: generated requests, good and bad, get what it promises and never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from lampway.merging import StoreMerges
from schemas.answer import Answer
from schemas.explanation import Decided
from search_api import nearby, suggest, views
from search_api.app import create_app
from search_api.renderers import formats_of
from search_api.renderers.addresses import PATHS
from search_api.routes import (
    availability,
    embedding,
    examples,
    health,
    institution_edit,
    merges,
    merges_examples,
    own_institution,
    own_registrations,
)
from search_api.routes import sources as source_routes
from search_api.routes.availability import Item, PushReport
from search_api.sources import SourceCard
from search_api.web.nearby_cards import NearbyCards
from store import api_keys, sources, works

SCOPES = " ".join(api_keys.SCOPES)


@pytest.fixture
def app(federation: Any) -> FastAPI:
    federation.context.settings = federation.settings.model_copy(update={"rate_limit": 0})
    return create_app(federation.context, merging=StoreMerges(federation.context.database))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_generated_requests(app: FastAPI, federation: Any, mode: GenerationMode) -> None:
    with federation.context.database.begin() as connection:
        key, (work, *_) = api_keys.create(connection, "city", scope=SCOPES), next(works.iterate(connection))
        source = sources.all_sources(connection)[0]
    answered: dict[str, set[int]] = {}
    description = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    for found in description.get_all_operations():
        operation = found.ok()
        if "accounts" in operation.tags:
            continue  # tried with each kind of credentials where those are tested
        if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
            continue  # nothing can be wrong about it

        @hypothesis_settings(
            max_examples=5 if "formats" in operation.tags else 15 if "maps" in operation.tags else 40,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def check(case: Any, real: bool) -> None:
            if real and case.path_parameters:
                real_ids = {"/works/": work.id, "/sources/": source.id}
                case.path_parameters["id"] = next((id_ for kind, id_ in real_ids.items() if kind in case.path), "city")
            if real and case.query and "near" in case.query and mode is GenerationMode.POSITIVE:
                case.query["near"] = "54.97,-1.61"
            writes = case.method in ("PUT", "PATCH", "POST", "DELETE")
            response = case.call(headers={"Authorization": f"Bearer {key}"} if writes else None)
            answered.setdefault(case.path, set()).add(response.status_code)
            case.validate_response(
                response, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
            )

        check()
    if mode is GenerationMode.POSITIVE:
        assert {path for path, statuses in answered.items() if 200 not in statuses} <= {
            "/api/institutions/{id}/availability",
            "/api/merges/{id}",
        }, answered
    else:
        assert all(statuses & {400, 404, 422} for statuses in answered.values()), answered


@pytest.mark.parametrize(
    ("example", "model"),
    [
        (examples.ANSWER, Answer),
        (examples.WORK, views.WorkView),
        (examples.HOLDINGS, views.HoldingList),
        (examples.NEARBY, nearby.Nearby),
        (embedding.EXAMPLE, NearbyCards),
        (examples.SUGGESTIONS, suggest.Suggestions),
        (examples.INSTITUTIONS, views.InstitutionList),
        (examples.INSTITUTION, views.InstitutionView),
        (source_routes.EXAMPLE, SourceCard),
        (health.EXAMPLE, health.HealthReport),
        (availability.REPORT, PushReport),
        (availability.EXAMPLE, list[Item]),
        (institution_edit.EXAMPLE, institution_edit.InstitutionChange),
        (own_institution.MEMBERS, own_institution.MemberList),
        (own_institution.INVITATION, own_institution.Invitation),
        (own_institution.KEYS, own_institution.KeyList),
        (own_institution.NEW_KEY, own_institution.NewKey),
        (own_institution.SOURCE, own_institution.OwnSourceView),
        (own_institution.SOURCE_ACT, own_institution.SourceAct),
        (own_registrations.EXAMPLE, own_registrations.RegistrationView),
        (own_registrations.NEW, own_registrations.NewRegistration),
        (own_registrations.ACT, own_registrations.RegistrationAct),
        (own_registrations.AUDIT, own_registrations.AuditLines),
        (merges_examples.EXPLANATION, merges.WorkExplanation),
        (merges_examples.DECISIONS, merges.DecisionList),
        (merges_examples.DECIDED, Decided),
        (merges_examples.REQUEST, merges.DecisionRequest),
    ],
)
def test_examples_are_answers(example: Any, model: Any) -> None:
    value = msgspec.convert(example, model)
    if isinstance(example, dict):
        given = msgspec.to_builtins(value)
        assert set(example) <= set(given)


def test_the_description_names_every_route_and_model(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()
    formats = {f"/api{PATHS[s]}.{one.suffix}" for s in PATHS for one in formats_of(s).values()}
    assert set(description["paths"]) == formats | {
        "/api/search",
        "/api/suggest",
        "/api/nearby",
        "/api/nearby/cards",
        "/api/works/{id}",
        "/api/works/{id}/holdings",
        "/api/works/{id}/merge",
        "/api/merges",
        "/api/merges/{id}",
        "/api/institutions",
        "/api/institutions/{id}",
        "/api/institutions/{id}/availability",
        "/api/institutions/{institution}/members",
        "/api/institutions/{institution}/members/{email}",
        "/api/institutions/{institution}/keys",
        "/api/institutions/{institution}/keys/{id}",
        "/api/institutions/{institution}/keys/{id}/replace",
        "/api/institutions/{institution}/sources",
        "/api/institutions/{institution}/sources/{id}",
        "/api/registrations",
        "/api/registrations/{id}",
        "/api/audit",
        "/api/sources/{id}",
        "/api/health",
        "/metrics",
        "/ogc",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/{name}",
        "/ogc/collections/institutions/items",
        "/ogc/collections/institutions/items/{id}",
        "/ogc/collections/works/items",
        "/ogc/collections/works/items/{id}",
    }
    models = description["components"]["schemas"]
    assert {"Answer", "Hit", "Best", "WorkView", "InstitutionView", "Problem"} <= set(models)
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            contents = operation["responses"]["200"]["content"].values()
            assert all("example" in one for one in contents) or operation["tags"][0] in ("service", "formats", "maps")
