"""`python -m chatsvc.client` is `chatsvc`."""

import sys

from chatsvc.client.main import main

sys.exit(main())
