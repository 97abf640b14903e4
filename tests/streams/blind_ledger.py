"""A ledger that is dealt nothing at first, as by a broker that has just started. Run as a script."""

from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator

from streams.__main__ import main

deal = GroupCoordinator._perform_assignment


async def deal_blindly(self: GroupCoordinator, response: Any) -> Any:
    """Once, the broker tells of no topic while partitions are dealt out."""
    GroupCoordinator._perform_assignment = deal
    cluster = self._cluster
    cluster.partitions_for_topic = lambda topic: None
    try:
        return await deal(self, response)
    finally:
        del cluster.partitions_for_topic


if __name__ == "__main__":
    GroupCoordinator._perform_assignment = deal_blindly
    main(["ledger"])
