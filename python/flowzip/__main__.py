# SPDX-License-Identifier: BSD-3-Clause
"""``python3 -m flowzip``: what is installed; Pillow's plug-in for all programs, on and off."""
from __future__ import annotations

import argparse

from . import __version__, _autoload, models


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m flowzip", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version", help="print version and models")
    pillow = commands.add_parser(
        "pillow", help="let programs that do not import flowzip open .flz files by Pillow, or not"
    )
    pillow.add_argument("action", choices=["enable", "disable", "status"])
    arguments = parser.parse_args()
    if arguments.command == "version":
        print(f"flowzip {__version__}")
        for name, model_hash in models().items():
            print(f"model {model_hash} {name}")
    elif arguments.action == "enable":
        print(f"enabled by {_autoload.enable()}")
    elif arguments.action == "disable":
        print(f"disabled: {_autoload.disable()} is not there any more")
    else:
        path = _autoload.pth_file()
        print(f"enabled by {path}" if path.exists() else "disabled")


if __name__ == "__main__":
    main()
