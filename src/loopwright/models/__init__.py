"""
The one room that speaks to a model.

| module      | what it knows                                                                      |
|-------------|------------------------------------------------------------------------------------|
| `prices`    | what tokens cost, on which day; how much a model can read and write                  |
| `defaults`  | which model plays which role when nobody says, and whose key it uses                 |
| `client`    | sends one turn and brings back one whole answer, however often it has to try         |
| `retry`     | which failures pass by themselves, how long to wait, and what a person has to mend   |
| `stream`    | puts one streamed answer together; one that breaks off is no answer                  |
| `gateway`   | the door for agents that run in labs: adds the key, holds the budget, counts         |
| `rehearsal` | has the SDK read an answer that never leaves the process, before runs are forked     |

The SDK takes 1.1 s and 76 MB to import, so `client` does when a turn is sent, and `rehearsal` where runs are forked.
"""
