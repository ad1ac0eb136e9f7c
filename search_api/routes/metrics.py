"""GET /metrics: the counters of this process and how store and engine stand, as Prometheus reads them."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from search_api import metrics as exposition
from search_api.dependencies import MetricsOf

router = APIRouter(tags=["service"])


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_metrics(metrics: MetricsOf) -> Response:
    """Requests, times, certificates, pushed states, look-ups; backlogs, ages, sources in trouble."""
    return Response(metrics.exposition(), media_type=exposition.MEDIA_TYPE, headers={"Cache-Control": "no-cache"})
