"""The holdings as columns: a mapped file that every process shares, so that ranking never asks the database.

Work numbers are positions. A holding is (institution number, packed state, record, ordinal in the record); the state
packs four services of three bits and the time of the check in one aligned uint32, written in one store, so that a
reader never sees half of a change.
"""
