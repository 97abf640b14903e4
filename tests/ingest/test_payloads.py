from tests.ingest.tokens import PAYLOADS


class TestIndex:
    def test_it_names_every_example_and_no_other(self) -> None:
        lines = (PAYLOADS / "README.md").read_text().splitlines()
        listed = [line.split("`")[1] for line in lines if line.startswith("| `")]

        assert sorted(listed) == sorted(path.name for path in PAYLOADS.glob("*.json"))
