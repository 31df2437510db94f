"""Settings of a running service that can change without a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chatsvc.model.characters import clean
from chatsvc.model.message_events import Said
from chatsvc.options.command_line import Options
from chatsvc.options.shown import shown
from chatsvc.services.hub import Hub
from chatsvc.services.retention import RetentionLimits
from chatsvc.services.settings import ServiceSettings
from chatsvc.transports.gate import Gate
from chatsvc.transports.web.monitoring import Monitoring


def service_settings(options: Mapping[str, Any]) -> ServiceSettings:
    """Return what the services need of the options."""
    return ServiceSettings(
        name=clean(options["name"]),
        description=clean(options["description"] or ""),
        motd="\n".join(map(clean, options["motd"].splitlines())),
        password=options["password"],
        show_history=options["show-history"],
        leave_on_empty_line=bool(options["leave-on-empty-line"]),
        accounts=options["accounts"],
        email_required=bool(options["email-required"]),
        shortest_password=options["min-password"],
        early_registration=bool(options["early-registration"]),
        sts=options["sts"],
        retention=RetentionLimits(options["keep"], options["keep-private"], options["max-archive"]),
    )


class LiveSettings:
    """Applies the options that can change, at the start and whenever they are read again.

    Connections stay open; limits on a connection itself hold for new ones.
    """

    def __init__(
        self,
        hub: Hub,
        gate: Gate,
        watch: Callable[[Said], None],
        security: Callable[[str, str], None],
        when_empty: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._gate = gate
        self._watch = watch
        self._security = security
        self._when_empty = when_empty

    def apply(self, options: Options) -> None:
        """Apply all of them, except the certificate and the level of the log."""
        self._hub.change_settings(service_settings(options))
        self._hub.status.settings = shown(options.given)
        self._hub.change_limits(options["limits"])
        self._hub.messaging.watch = self._watch if options["show-messages"] else None
        self._hub.sessions.when_empty = self._when_empty if options["stop-when-empty"] else None
        self._hub.refusals.security = self._security if options["log-security"] else None
        self._apply_to_gate(self._gate, options)

    def _apply_to_gate(self, gate: Gate, options: Mapping[str, Any]) -> None:
        gate.change_limits(options["limits"])
        gate.max_clients = options["max-clients"]
        gate.slow_limit = options["slow-reader-limit"]
        gate.require_tls = options["require-tls"]
        gate.web = options["web"]
        gate.monitor = Monitoring(gate, options["metrics-token"])
