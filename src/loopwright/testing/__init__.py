"""
The kit for writing tests, demonstrations and benchmarks: shipped with the product, and what its own tests use.

| module       | what it is                                                                                |
|--------------|-------------------------------------------------------------------------------------------|
| `endpoint`   | a Messages API on 127.0.0.1 that says what a script tells it to, faults included           |
| `script`     | the words of such a script                                                                 |
| `lab`        | a folder as a lab, and the other things that a backend is given                            |
| `clock`      | a clock that only moves when it is told to, or slept on                                    |
| `repository` | a real git repository whose person is Ada, apart from the machine's configuration          |
| `records`    | run records as a run would have left them                                                  |
| `adversaries` | the bad makers of `loopwright drill`, each a value                                       |
| `crash`      | SIGKILL at a named point (`loopwright.checkpoints`)                                         |
| `frontdoor`  | the command `loopwright` as a person would run it, in a process of its own                 |

A whole test of a project's own set-up with it, in which a scripted model makes a file and it lands:

    from loopwright.testing.endpoint import scripted_endpoint
    from loopwright.testing.frontdoor import FrontDoor
    from loopwright.testing.repository import Repository
    from loopwright.testing.script import Call, Fault, Say, Session, Turn

    def test_a_greeting_lands(tmp_path):
        repository = Repository.init(tmp_path / "repository")
        plan = "---\\nmerge: auto\\n---\\n# A greeting\\n## Goal\\n- file `hello.txt` exists\\n"
        repository.write("plans/hello.md", plan)
        repository.commit()
        write = Turn(Call("write_file", path="hello.txt", content="hello\\n"), faults=[Fault("overloaded")])
        approve = Turn(Call("submit_verdict", decision="approve", reasons=["it is there"], confidence="high"))
        met = Turn(Call("submit_goal_report", met=True, evidence=[]))
        script = [
            Session(role="maker", turns=[write, Turn(Say("Deliverables: hello.txt"))]),
            Session(role="goal-checker", turns=[met]),
            Session(turns=[approve], repeat=True),  # the checker and the reviewer
        ]
        with scripted_endpoint(script) as model:
            key = {"ANTHROPIC_API_KEY": "any", "ANTHROPIC_BASE_URL": model.url}
            run = FrontDoor(repository.path, {**repository.environment, **key})("run", "hello", "--json")
        assert run.json["landed"], run.err
        assert repository.read("hello.txt") == "hello\\n"
        assert [asked.answered for asked in model.asked("maker")] == ["overloaded", "turn", "turn"]
"""
