"""How a command of the administrator ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from errno import ENOSPC

from chatsvc.model.explained import Explained
from chatsvc.model.requests import Refused


def exit_code(job: Callable[[], int | None], failed: str = "Failed") -> int:
    """Run a command; report what prevents it in a sentence, which may begin with `failed`."""
    try:
        return job() or 0
    except Refused as refused:
        said = refused.text
    except Explained as error:
        said = str(error)
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        advice = " Free some space, and try again." if error.errno == ENOSPC else ""
        said = f"{failed}: {where}{error.strerror}.{advice}"
    print(f"chatsvc: {said}", file=sys.stderr)
    return 1
