# SPDX-License-Identifier: BSD-3-Clause
"""Found by Pillow among its own plug-ins after ``python3 -m flowzip pillow enable``."""
import flowzip

__all__ = ["flowzip"]
