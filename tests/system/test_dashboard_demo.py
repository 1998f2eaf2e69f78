"""The demo: an hour that has passed, then a stream; nothing that a demo has not is missed."""

from dashboard_client import Dashboard, User, run, wait_until


def test_a_new_demo_begins_with_the_hour_before_and_an_old_one_goes_on():
    with Dashboard("--rate", "20", source="demo") as dashboard:
        admin = User(dashboard, "admin")
        statistics = lambda: admin.get("/api/v1/statistics?minutes=60")
        wait_until(lambda: statistics()["totals"]["transactions"] > 72_000, "an hour at 20 a second, and some more", 120)
        now = statistics()
        fired = {rule["rule"] for rule in now["totals"]["by_rule"]}
        assert len(fired) >= 4, f"there is little to see: {fired}"
        filled = [step for step in now["series"] if step["transactions"] > 0]
        assert len(filled) > 0.9 * len(now["series"]), f"{len(filled)} of {len(now['series'])} steps of the last hour have transactions"
        assert max(step["transactions"] for step in filled) < 10 * 20 * now["series_step_s"], "the past was counted as if it were now"
        recent = [step["transactions"] for step in now["series"][-24:]]
        assert min(recent) > 0.3 * 20 * now["series_step_s"], f"there is a hole between what was made before and what comes: {recent}"
        names = [check["name"] for check in admin.get("/api/v1/health")["checks"]]
        assert names and not [name for name in names if name.startswith("file:")], names
        before = now["totals"]["transactions"]
        dashboard.stop()
        dashboard.start()
        wait_until(lambda: statistics()["totals"]["transactions"] > before + 20, "it goes on", 60)
        assert statistics()["totals"]["transactions"] < before + 20_000, "the past was made again"


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
