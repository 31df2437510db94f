"""`python -m chatsvc.cli` is `chatsvc`."""

import sys

from chatsvc.cli.main import main

sys.exit(main())
