"""
Whoever plays a role. Each has one method, `work(brief, lab, session)`, and answers with a `Report`.

| backend                | who plays                                                              |
|------------------------|------------------------------------------------------------------------|
| `anthropic.Anthropic`  | a model over the Messages API, with tools that run in the lab          |
| `command.Command`      | any program, started in the lab with the brief in a file               |
| `scripted.Scripted`    | a script that says turn by turn what a model would: tests, rehearsals  |

The first and the last share everything but who is asked for the next turn:

    briefing       Brief -> what is told: a stable part that labs share in the cache, and the task
    offers         which tools a role is offered, from the JSON Schemas
    tools, edits   what the tools do in the lab
    conversation   what was said so far, folded from the transcript's entries
    shape          where the cache breakpoints go, and what is taken out when it gets too long
    dialogue       ask, keep, act, until the role is done or a ceiling is reached
"""
