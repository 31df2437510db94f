"""Runs `chatsvc` as `python -m chatsvc.cli`."""

import sys

from chatsvc.cli.main import main

sys.exit(main())
