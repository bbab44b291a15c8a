"""A service to the application that answers for it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache, partial
from pathlib import Path
from typing import Final

from regpress.access import Access
from regpress.admin_entries import Managed, official_guard
from regpress.admin_sources import Sources
from regpress.asgi import openapi
from regpress.asgi.admin_page import AdminPage
from regpress.asgi.admin_routes import AdminRoutes
from regpress.asgi.app import App, Hook
from regpress.asgi.changing import Changer
from regpress.asgi.files import TreeFiles
from regpress.asgi.front import Front
from regpress.asgi.limits import RateLimit
from regpress.asgi.logins import LoginRoutes
from regpress.asgi.looking import Gate
from regpress.asgi.metrics import Metrics
from regpress.asgi.operations import Operations
from regpress.asgi.requests import Network
from regpress.asgi.syncing import Syncer, SyncRoutes
from regpress.asgi.writer import Builder, Writer
from regpress.asgi.writes import WriteRoutes
from regpress.ownership import Ownership
from regpress.record import record
from regpress.service import Service
from regpress.views import Views

_LOG: Final = logging.getLogger("regpress.serve")
#: Seconds for which the end waits for the last build.
STOP_SECONDS: Final = 20.0


@record(kw_only=True)
class Settings:
    """How an app is served, beside what it serves.

    Attributes:
        out: the folder of the built tree.
        build_command: what renews it.
        proxies: whose word about the caller's address counts.
        ownership: asks who publishes packages; None where nobody does.
        admin_templates: what the admin page is made of; nothing where there is none.
        write_rate, login_rate: requests a minute for each caller; 0 sets no limit.
    """

    out: Path
    build_command: Sequence[str]
    proxies: Sequence[Network] = ()
    ownership: Ownership | None = None
    admin_templates: Mapping[str, bytes] = field(default_factory=dict)
    write_rate: int = 600
    login_rate: int = 60


def create_app(service: Service, access: Access, settings: Settings) -> Front:
    """Return the application of a service."""
    has_tree = service.live.default.plan.name in service.public
    builder = Builder(settings.build_command if has_tree else ())
    writer = Writer(service.publisher, on_write=builder.want)
    syncer = Syncer(service, writer, on_change=builder.want)
    builder.without = syncer.unread

    def serve(moved: Service) -> None:
        front.app = made(moved)
        builder.want()

    changer = Changer(service, writer, syncer, on_change=serve)

    async def start() -> None:
        for issue in service.findings[:20]:
            _LOG.error("%s", issue)
        for failure in service.broken.values():
            _LOG.error("a created source is empty for now: %s", failure)
        if service.recovered:
            _LOG.warning("finished writes of an interrupted run: %s", ", ".join(service.recovered[:20]))
        # What is there stays; looking through it again and again would hold up requests.
        gc.collect()
        gc.freeze()
        writer.start()
        builder.start()
        builder.look()
        syncer.start()

    async def stop() -> None:
        await changer.stop()
        await syncer.stop()
        await writer.stop()
        await builder.stop(STOP_SECONDS)

    lasting = _Lasting(
        access=access,
        settings=settings,
        metrics=Metrics(),
        limit=RateLimit(settings.write_rate, burst=max(settings.write_rate // 6, 10)),
        logins=LoginRoutes(access, RateLimit(settings.login_rate, burst=max(settings.login_rate // 3, 5))),
        builder=builder,
        writer=writer,
        syncer=syncer,
        changer=changer,
        start=start,
        stop=stop,
    )
    made = partial(_app, lasting)
    front = Front(made(service))
    return front


@record(kw_only=True)
class _Lasting:
    """What stays when sources and registries change."""

    access: Access
    settings: Settings
    metrics: Metrics
    limit: RateLimit
    logins: LoginRoutes
    builder: Builder
    writer: Writer
    syncer: Syncer
    changer: Changer
    start: Hook
    stop: Hook


def _app(lasting: _Lasting, service: Service) -> App:
    """Return what answers for a service as it is now."""
    access, settings, config = lasting.access, lasting.settings, service.site.config
    managed = Managed(service.site, service.live)
    sources = Sources(
        config=config,
        created=service.site.created,
        live=service.live,
        states=lasting.syncer.state,
        started=service.started,
        unclaimed=access.callers.roles is None,
    )
    gate = Gate(
        views=Views(service.live),
        public=service.public,
        claims={registry.name: registry.claims for registry in config.registries},
        authenticator=access.authenticator,
        callers=access.callers,
        paused=lasting.writer.paused,
    )

    @cache
    def description() -> dict[str, object]:
        has_managed = any(source.managed is not None for source in config.sources)
        return openapi.document(
            writes=has_managed,
            logins=sorted(access.logins),
            registries=sorted(service.public),
            admin=access.authenticator.anonymous or bool(access.authenticator.verifiers),
        )

    return App(
        live=service.live,
        gate=gate,
        files=TreeFiles(settings.out, service.options.profile),
        writes=WriteRoutes(
            service.publisher,
            lasting.writer,
            access.authenticator,
            service.log,
            lasting.limit,
            purge=lasting.builder.purge,
            ownership=settings.ownership,
            guard=partial(official_guard, managed, access.callers),
        ),
        admin=AdminRoutes(
            gate=gate,
            managed=managed,
            sources=sources,
            syncer=lasting.syncer,
            changer=lasting.changer,
            writer=lasting.writer,
            log=service.log,
            limit=lasting.limit,
            ownership=settings.ownership,
        ),
        logins=lasting.logins,
        admin_page=AdminPage(settings.admin_templates, config.site, gate, default=service.live.default.plan.name)
        if settings.admin_templates
        else None,
        syncs=SyncRoutes(lasting.syncer, access.authenticator, access.callers),
        challenge=access.challenge.encode("latin-1", "replace"),
        operations=Operations(
            metrics=lasting.metrics,
            is_ready=lambda: lasting.writer.is_alive,
            openapi=description,
            docs=lambda: openapi.page(description()),
            github_client_id=access.github_client_id,
        ),
        metrics=lasting.metrics,
        base_path=config.site.base_path,
        proxies=settings.proxies,
        public_paths=config.auth.public_paths,
        on_start=lasting.start,
        on_stop=lasting.stop,
    )
