"""`python -m sandbox`: the outside world on one machine, for tests and for people who try Orderline."""

import importlib
from typing import Any

import click
from pydantic import ValidationError

# Where each command lives; a module is imported only when its command is asked for, because
# the demo needs everything, and the image of docker-compose.yml has no jgo for the broker.
COMMANDS = {
    "broker": ("sandbox.broker", "Run a real Apache Kafka on this machine."),
    "demo": ("sandbox.demo", "Start every room, tell stories, show what comes out."),
    "tell": ("sandbox.tell", "Tell order stories to rooms that run already."),
    "trigger": ("sandbox.trigger", "Send one signed webhook."),
    "warehouse": ("sandbox.warehouse", "Post handovers as a warehouse would."),
    "wix": ("sandbox.wix_api.serve", "Serve the Wix endpoints that the flows call."),
}


class LazyGroup(click.Group):
    """Commands that are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, whether it was imported or not."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The module's `command`."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name][0]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a setting that can't be used ends it in a sentence, without its value."""
        try:
            return super().invoke(ctx)
        except ValidationError as error:
            if not error.title.endswith("Settings"):
                raise
            faults = [f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()]
            raise click.UsageError(f"Settings that can't be used: {'; '.join(faults)}.") from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing five modules for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in sorted(COMMANDS.items())])


@click.group("sandbox", cls=LazyGroup)
def main() -> None:
    """The outside world on one machine: Wix's API, a warehouse, a Kafka, and a demo of all of it.

    Nothing here belongs to the product: only tests and people run it.
    """


if __name__ == "__main__":
    main(prog_name="python -m sandbox")
