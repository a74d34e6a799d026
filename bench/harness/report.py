# SPDX-License-Identifier: MIT
class ReportError(Exception): pass
def write(data, about, folder): return 'none'
