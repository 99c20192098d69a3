"""The tool's helpers, which are those of the folder cli."""
import importlib.util
import os

_path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli", "tool.py")
_spec = importlib.util.spec_from_file_location("cli_tool", _path)
_tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_tool)
globals().update({name: getattr(_tool, name) for name in dir(_tool) if not name.startswith("_")})
