"""``python -m gaitviewer``."""

import sys
from multiprocessing import freeze_support

from gaitviewer.cli import main

if __name__ == "__main__":
    freeze_support()
    sys.exit(main())
