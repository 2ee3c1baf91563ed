"""The reader for programs and people over HTTP: ``digits serve``.

A request passes ``guarding`` (who may ask, how much at once), ``bodies`` (what was sent),
``queueing`` (which pictures are read together), ``processes`` (where they are read) and
``answers`` (what goes back); ``app`` puts these together and ``running`` keeps them alive. Nothing
that a client sends is written to disk or to a log.
"""
