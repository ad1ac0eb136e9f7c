"""The language of the stages: the words of the glossary as typed values. No I/O, imports nothing else of ours."""
