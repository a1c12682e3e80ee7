"""What breaks an index: killed writers, failing and full disks, damaged files, races.

Every campaign keeps a ledger of its own outside the process under test: a parent reads from
a pipe what was acknowledged, and compares what is there afterwards, how often, and whole.
"""
