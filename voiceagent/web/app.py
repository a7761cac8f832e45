"""The application: routes, middlewares, and what is started and stopped with it."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from prometheus_client.registry import Collector

from voiceagent.service.ticks import Service
from voiceagent.web import api, auth, filters, live, monitoring, openapi, pages, people, promised_calls
from voiceagent.web.context import CONTEXT, Context
from voiceagent.web.headers import secure
from voiceagent.web.problems import answer_failures


def build_app(
    context: Context,
    keeper: auth.Gatekeeper,
    service: Service | None = None,
    business: Sequence[Collector] = (),
) -> web.Application:
    """The console, the API, the probes; `service` and `business`: what /metrics tells besides."""
    app = web.Application(middlewares=[answer_failures, auth.require_token], client_max_size=64 * 1024)
    app.on_response_prepare.append(secure)
    app[CONTEXT] = context
    app[auth.GATEKEEPER] = keeper
    app[pages.PAGES] = pages.load_pages()
    app[live.LIVE] = live.Live(context)
    app[monitoring.REGISTRY] = monitoring.build_registry(context, app[live.LIVE], service, business)
    described = openapi.document()

    async def describe(request: web.Request) -> web.Response:
        return web.json_response(described)

    app.add_routes(
        [
            web.get("/", pages.front),
            web.get("/ui/{name:.+}", pages.file),
            web.get("/live", monitoring.alive),
            web.get("/ready", monitoring.ready),
            web.get("/metrics", monitoring.metrics),
            web.get("/v1/openapi.json", describe),
            web.get("/v1/session", auth.look_up),
            web.post("/v1/session", auth.sign_in),
            web.delete("/v1/session", auth.sign_out),
            web.get("/v1/days", api.list_days),
            web.get("/v1/calls", api.list_calls),
            web.get("/v1/calls/{id}", api.show_call),
            web.get("/v1/calls/{id}/recording", api.play_recording),
            web.get("/v1/calls/{id}/waveform", api.draw_recording),
            web.get("/v1/kpis", api.show_kpis),
            web.get("/v1/seats", api.list_seats),
            web.get("/v1/reviews", api.list_reviews),
            web.post("/v1/reviews/{id}", api.decide_review),
            web.get("/v1/callbacks", promised_calls.show),
            web.post("/v1/callbacks", promised_calls.make),
            web.delete("/v1/callbacks/{id}", promised_calls.cancel),
            web.get("/v1/segments", filters.show),
            web.get("/v1/segments/fields", filters.fields),
            web.post("/v1/segments/count", filters.count),
            web.post("/v1/people", people.show),
            web.post("/v1/people/{id}/export", people.export),
            web.post("/v1/people/{id}/hold", people.hold),
            web.post("/v1/people/{id}/erase", people.erase),
            web.get("/v1/live", live.stream, allow_head=False),
        ]
    )

    async def end_streams(app: web.Application) -> None:
        app[live.LIVE].close()

    app.on_shutdown.append(end_streams)
    return app
