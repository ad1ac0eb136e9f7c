"""The description of the API holds: generated requests, good and bad, get what it promises and never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from schemas.answer import Answer
from search_api import nearby, suggest, views
from search_api.app import create_app
from search_api.routes import availability, examples, health
from search_api.routes.availability import Item, PushReport


@pytest.fixture
def app(federation: Any) -> FastAPI:
    return create_app(federation.context)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def described(app: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/api/openapi.json", app)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@hypothesis_settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_generated_requests(case: Any) -> None:
    response = case.call()
    case.validate_response(response, checks=[not_a_server_error, content_type_conformance, response_schema_conformance])


@pytest.mark.parametrize(
    ("example", "model"),
    [
        (examples.ANSWER, Answer),
        (examples.WORK, views.WorkView),
        (examples.HOLDINGS, views.HoldingList),
        (examples.NEARBY, nearby.Nearby),
        (examples.SUGGESTIONS, suggest.Suggestions),
        (examples.INSTITUTIONS, views.InstitutionList),
        (examples.INSTITUTION, views.InstitutionView),
        (health.EXAMPLE, health.HealthReport),
        (availability.REPORT, PushReport),
        (availability.EXAMPLE, list[Item]),
    ],
)
def test_examples_are_answers(example: Any, model: Any) -> None:
    value = msgspec.convert(example, model)
    if isinstance(example, dict):
        given = msgspec.to_builtins(value)
        assert set(example) <= set(given)


def test_the_description_names_every_route_and_model(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()
    assert set(description["paths"]) == {
        "/api/search",
        "/api/suggest",
        "/api/nearby",
        "/api/works/{id}",
        "/api/works/{id}/holdings",
        "/api/institutions",
        "/api/institutions/{id}",
        "/api/institutions/{id}/availability",
        "/api/health",
        "/metrics",
    }
    models = description["components"]["schemas"]
    assert {"Answer", "Hit", "Best", "WorkView", "InstitutionView", "Problem"} <= set(models)
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            (content,) = operation["responses"]["200"]["content"].values()
            assert "example" in content or operation["tags"] == ["service"]
