"""Videos through PyAV, and only here: index, exact reader, writer."""

from gaitviewer.video.digest import digest_file
from gaitviewer.video.identity import check_identity, identity_of, open_recorded
from gaitviewer.video.index import index_video, probe_safely
from gaitviewer.video.reader import VideoReader, open_video
from gaitviewer.video.writer import write_video

__all__ = [
    "VideoReader",
    "check_identity",
    "digest_file",
    "identity_of",
    "index_video",
    "open_recorded",
    "open_video",
    "probe_safely",
    "write_video",
]
