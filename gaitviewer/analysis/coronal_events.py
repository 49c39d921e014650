from gaitviewer.core.gait import GaitEvents
def detect_coronal(pose, walking_pass): return GaitEvents(())
