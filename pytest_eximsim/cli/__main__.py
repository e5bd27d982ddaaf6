"""`python -m pytest_eximsim.cli`: the console script without its script."""

import sys

from . import main

sys.exit(main())
