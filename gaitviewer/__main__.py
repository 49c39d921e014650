"""``python -m gaitviewer``."""

from gaitviewer.util.startup import leave_working_folder

leave_working_folder()  # before anything else is imported

import sys  # noqa: E402
from multiprocessing import freeze_support  # noqa: E402

from gaitviewer.cli import main  # noqa: E402

if __name__ == "__main__":
    freeze_support()
    sys.exit(main())
