"""Every operation of the dashboard's HTTP interface, as every role, on what a file source gave it."""

import json

from dashboard_client import (PASSWORD, Dashboard, Events, User, alert_line, processed_line, quoted, run, transaction,
                              wait_until)

ALERT = "TXN-20260302-00000005:HIGH_AMOUNT"
ACCOUNT = "ACC-0000000001"


def fill(folder):
    with open(folder / "processed.json", "a") as processed, open(folder / "fraud_alerts.json", "a") as alerts:
        for number in range(1, 8):
            rules = ["HIGH_AMOUNT"] if number >= 5 else []
            processed.write(processed_line(number, rules, 40 if rules else 0, "REVIEW" if rules else "APPROVE",
                                           amount="9000.00" if rules else "12.50", time_text=f"2026-03-02 10:0{number}:00"))
            if rules:
                alerts.write(alert_line(number, time_text=f"2026-03-02 10:0{number}:00", reason=f"Amount of {ACCOUNT} exceeds $5000"))
        alerts.write(alert_line(20, "VELOCITY", "MEDIUM", 30, "ACC-0000000002", time_text="2026-03-02 11:00:00"))


def started(**more):
    dashboard = Dashboard(**more)
    dashboard.flags += ["--processed", str(dashboard.folder / "processed.json")]
    dashboard.stop()
    fill(dashboard.folder)
    dashboard.start()
    admin = User(dashboard, "admin")
    wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 4, "four alerts")
    wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["transactions"] == 7, "seven transactions")
    return dashboard, admin


def people(admin):
    for name, role in (("vera", "viewer"), ("anna", "analyst")):
        assert admin.call("POST", "/api/v1/users", {"user": name, "password": PASSWORD, "role": role}).status == 201
    return User(admin.dashboard, "vera"), User(admin.dashboard, "anna")


def test_every_operation_answers_as_the_document_says():
    dashboard, admin = started()
    with dashboard:
        viewer, analyst = people(admin)
        nobody = User(dashboard)
        assert nobody.call("GET", "/api/v1/session").status == 401
        assert nobody.get("/api/v1/setup") == {"needed": False}
        assert nobody.call("POST", "/api/v1/setup", {"token": "x", "user": "eve", "password": PASSWORD}).status == 409
        assert viewer.get("/api/v1/session")["masked"] is True
        statistics = viewer.get("/api/v1/statistics?minutes=5")
        assert statistics["totals"]["by_decision"] == {"APPROVE": 4, "REVIEW": 3, "BLOCK": 0}, statistics
        assert statistics["totals"]["by_severity"] == {"LOW": 0, "MEDIUM": 1, "HIGH": 3, "CRITICAL": 0}

        alerts = analyst.get("/api/v1/alerts?limit=3")
        assert len(alerts["items"]) == 3 and alerts["items"][0]["alert_type"] == "VELOCITY"
        more = analyst.get("/api/v1/alerts?limit=3&cursor=" + quoted(alerts["next_cursor"]))
        assert [item["alert_id"] for item in more["items"]] == [ALERT] and more["next_cursor"] is None
        assert analyst.call("GET", "/api/v1/alerts?nonsense=1").status == 400
        assert analyst.call("GET", "/api/v1/alerts?severity=WORST").status == 400
        everything = ("account=ACC-0000000001&rule=HIGH_AMOUNT&severity=HIGH,LOW&decision=REVIEW&status=open&assignee=-"
                      "&from=2026-03-02T10:05:00Z&to=2026-03-02T10:06:00Z&q=exceeds&sort=-score")
        assert len(analyst.get("/api/v1/alerts?" + everything)["items"]) == 1

        detail = analyst.get("/api/v1/alerts/" + quoted(ALERT))
        assert detail["transaction"]["amount"] == "9000.00" and detail["decision"] == "REVIEW" and detail["account_number"] == ACCOUNT
        assert analyst.call("GET", "/api/v1/alerts/none").status == 404
        patched = analyst.call("PATCH", "/api/v1/alerts/" + quoted(ALERT), {"status": "confirmed_fraud", "assignee": "anna", "version": 1})
        assert patched.status == 200 and patched.json["status"] == "confirmed_fraud" and patched.json["version"] == 2
        assert analyst.call("PATCH", "/api/v1/alerts/" + quoted(ALERT), {"status": "open", "version": 1}).status == 409
        assert analyst.call("PATCH", "/api/v1/alerts/" + quoted(ALERT), {"status": "odd", "version": 2}).status == 400
        assert analyst.call("POST", f"/api/v1/alerts/{quoted(ALERT)}/notes", {"text": "called the customer"}).status == 201
        bulk = analyst.call("POST", "/api/v1/alerts/bulk", {"ids": ["TXN-20260302-00000006:HIGH_AMOUNT", "none"],
                                                            "status": "false_positive", "note": "salary"})
        assert bulk.json == {"changed": 1, "skipped": 1}
        detail = analyst.get("/api/v1/alerts/" + quoted(ALERT))
        assert detail["notes"][0]["text"] == "called the customer"
        assert ("alert.status", "open", "confirmed_fraud") in [(e["action"], e["from"], e["to"]) for e in detail["audit"]]

        cases = analyst.get("/api/v1/cases?status=open&severity=HIGH&assignee=-&account=" + ACCOUNT)["items"]
        assert len(cases) == 1 and cases[0]["alerts"] == 3, cases
        case = analyst.get("/api/v1/cases/" + cases[0]["case_id"])
        assert len(case["alert_items"]) == 3
        changed = analyst.call("PATCH", "/api/v1/cases/" + case["case_id"], {"assignee": "anna", "version": case["version"]})
        assert changed.status == 200 and changed.json["assignee"] == "anna"
        assert analyst.call("POST", f"/api/v1/cases/{case['case_id']}/notes", {"text": "one customer"}).status == 201

        account = analyst.get(f"/api/v1/accounts/{ACCOUNT}?around={quoted(ALERT)}")
        assert account["explanation"]["words"].startswith("Fires when"), account["explanation"]
        assert account["transactions"][0]["time"] > account["transactions"][-1]["time"]
        assert account["totals"]["transactions"] == 7 and account["totals"]["alerts"] == 3
        rules = {rule["id"]: rule for rule in viewer.get("/api/v1/rules")["rules"]}
        assert rules["HIGH_AMOUNT"]["precision"] == 0.5 and rules["HIGH_AMOUNT"]["words"], rules["HIGH_AMOUNT"]
        health = viewer.get("/api/v1/health")
        assert health["store"]["ready"] and health["source"]["ready"], health
        assert viewer.get("/api/v1/assignees")["items"] == ["admin", "anna"]

        csv = analyst.get("/api/v1/labels").splitlines()
        assert csv[0].startswith("transaction_id,") and len(csv) == 3 and ",fraud," in csv[1], csv
        lines = [json.loads(line) for line in analyst.get("/api/v1/labels?format=jsonl").splitlines()]
        assert {line["label"] for line in lines} == {"fraud", "legitimate"}

        assert len(admin.get("/api/v1/users")["items"]) == 3
        assert admin.call("PATCH", "/api/v1/users/vera", {"role": "analyst"}).json["role"] == "analyst"
        assert admin.call("PATCH", "/api/v1/users/admin", {"disabled": True}).status == 409
        token = admin.call("POST", "/api/v1/tokens", {"name": "ci", "scopes": ["decide"], "expires_in_days": 1}).json
        assert len(admin.get("/api/v1/tokens")["items"]) == 1
        robot = User(dashboard, token=token["token"])
        first = robot.call("POST", "/api/v1/decisions", transaction(100, "ACC-0000000009", "9000.00")).json
        assert not first["resend"] and [fired["rule"] for fired in first["fired"]] == ["HIGH_AMOUNT"], first
        again = robot.call("POST", "/api/v1/decisions", transaction(100, "ACC-0000000009", "9000.00")).json
        assert again == {**first, "resend": True}
        batch = robot.call("POST", "/api/v1/decisions", {"transactions": [transaction(101, "ACC-0000000009"), {"no": 1}]}).json
        assert batch["results"][0]["decision"] == "APPROVE" and batch["results"][1]["error"]["field"] == "transaction_id"
        assert robot.call("POST", "/api/v1/decisions", {"amount": -1}).status == 400
        assert robot.call("GET", "/api/v1/audit").status == 403
        assert admin.get("/api/v1/notifications") == {"receivers": [], "items": [], "next_cursor": None}
        assert admin.call("POST", "/api/v1/notifications/resend", {}).json == {"resent": 0}
        assert admin.call("POST", "/api/v1/notifications/discard", {"receiver": "siem"}).json == {"discarded": 0}
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["transactions"] == 9, "what was asked about is kept")
        assert admin.call("DELETE", "/api/v1/tokens/" + token["id"]).status == 204
        assert robot.call("POST", "/api/v1/decisions", transaction(102)).status == 401
        audit = admin.get("/api/v1/audit?user=anna&action=alert&limit=2")
        assert len(audit["items"]) == 2 and audit["next_cursor"]
        assert admin.get("/api/v1/audit?action=account.read")["items"][0]["user"] == "anna"

        events = Events(viewer)
        assert events.until("snapshot")[0]["totals"]["alerts"] == 5
        events.close()
        assert dashboard.raw("GET", "/api/v1/openapi.json").json == dashboard.document
        dashboard.called.add(("GET", "/api/v1/openapi.json"))
        for path in ("/metrics", "/livez", "/readyz"):
            nobody.get(path)
        assert analyst.call("DELETE", "/api/v1/session").status == 204
        assert analyst.call("GET", "/api/v1/session").status == 401
        every = {(method.upper(), path) for path, item in dashboard.document["paths"].items() for method in item}
        assert dashboard.called == every, f"not called: {every - dashboard.called}"


def test_roles_may_do_what_the_document_says():
    dashboard, admin = started()
    with dashboard:
        viewer, analyst = people(admin)
        rank = {"viewer": viewer, "analyst": analyst, "admin": admin}
        for path, item in dashboard.document["paths"].items():
            for method, operation in item.items():
                if "x-roles" not in operation or path.endswith("/events"):
                    continue
                # One's own password may be changed by everybody; without that it is refused as well.
                concrete = path.replace("{id}", "none").replace("{number}", "none").replace("{user}", "none")
                for role, user in rank.items():
                    answer = user.call(method.upper(), concrete, {} if method in ("post", "patch") else None)
                    allowed = role in operation["x-roles"]
                    assert (answer.status != 403) == allowed, f"{role}: {method} {path}: {answer}"
                assert User(dashboard).call(method.upper(), concrete, {} if method in ("post", "patch") else None).status == 401


def test_viewers_see_no_account_number_anywhere():
    dashboard, admin = started()
    with dashboard:
        viewer, _ = people(admin)
        events = Events(viewer)
        events.until("snapshot")
        alert = viewer.get("/api/v1/alerts?account=****0001")["items"][0]
        assert alert["account_number"] == "****0001" and "****0001" in alert["reason"], alert
        case = viewer.get("/api/v1/cases?account=" + alert["account_ref"])["items"][0]
        texts = [viewer.call("GET", path).body for path in (
            "/api/v1/alerts", "/api/v1/cases", "/api/v1/alerts/" + quoted(ALERT), "/api/v1/cases/" + case["case_id"],
            f"/api/v1/accounts/{alert['account_ref']}?around={quoted(ALERT)}", "/api/v1/rules", "/api/v1/statistics")]
        with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
            alerts.write(alert_line(77, reason=f"{ACCOUNT} again"))
        texts.append(json.dumps(events.until("alert")[0]))
        for text in texts:
            assert "ACC-0000000001" not in text and "ACC-0000000002" not in text, text
        assert "ACC-" not in dashboard.raw("GET", "/metrics").body
        assert not [e for e in admin.get("/api/v1/audit?user=vera")["items"] if e["action"].endswith(".read")]
        events.close()


def test_viewers_cannot_find_out_an_account_number_by_asking():
    dashboard, admin = started()
    with dashboard:
        viewer, analyst = people(admin)
        ref = viewer.get("/api/v1/alerts?account=****0001")["items"][0]["account_ref"]
        for guess in (ACCOUNT, ACCOUNT[:-1] + "9", "****", "****1", "****00001", "****0000000001", "****ACC-0000000001", "0001", ""):
            for path in ("/api/v1/alerts?account=", "/api/v1/cases?account="):
                answer = viewer.call("GET", path + quoted(guess))
                assert answer.status == 400 and "account_ref" in answer.json["error"]["message"], f"{guess}: {answer}"
            assert viewer.call("GET", "/api/v1/accounts/" + quoted(guess or "****0001")).status == 404, guess
        for text in (ACCOUNT, "ACC-", "0000000001", "exceeds"):
            assert viewer.get("/api/v1/alerts?q=" + text)["items"] == [], text
            assert analyst.get("/api/v1/alerts?q=" + text)["items"], text
        assert len(viewer.get("/api/v1/alerts?q=velocity")["items"]) == 1
        for path in ("/api/v1/alerts?account=", "/api/v1/cases?account=", "/api/v1/accounts/"):
            viewer.get(path + ref)
            analyst.get(path + ACCOUNT)
        assert len(analyst.get("/api/v1/alerts?account=****1")["items"]) == 3


def test_a_restart_keeps_alerts_work_users_and_sessions_and_repeats_nothing():
    dashboard, admin = started()
    with dashboard:
        _, analyst = people(admin)
        analyst.call("PATCH", "/api/v1/alerts/" + quoted(ALERT), {"status": "acknowledged", "version": 1})
        assert dashboard.stop() == 143
        with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
            alerts.write(alert_line(30))
        dashboard.start()
        wait_until(lambda: analyst.get("/api/v1/statistics")["totals"]["alerts"] == 5, "the alert written meanwhile")
        assert analyst.get("/api/v1/alerts/" + quoted(ALERT))["status"] == "acknowledged"
        assert analyst.get("/api/v1/statistics")["totals"]["transactions"] == 7
        # Rewritten, as bank detect does: another file with the same alerts and a new one.
        text = (dashboard.folder / "fraud_alerts.json").read_text() + alert_line(31)
        (dashboard.folder / "new").write_text(text)
        (dashboard.folder / "new").rename(dashboard.folder / "fraud_alerts.json")
        wait_until(lambda: analyst.get("/api/v1/statistics")["totals"]["alerts"] == 6, "the new file's alert")
        # Truncated and begun anew.
        (dashboard.folder / "fraud_alerts.json").write_text(alert_line(32))
        wait_until(lambda: analyst.get("/api/v1/statistics")["totals"]["alerts"] == 7, "the truncated file's alert")


def test_events_are_resumed_where_they_were_left():
    dashboard, admin = started()
    with dashboard:
        events = Events(admin)
        events.until("snapshot")

        def write(number):
            with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
                alerts.write(alert_line(number))

        write(40)
        _, last = events.until("alert", accept=lambda data: "00000040" in data["alert_id"])
        tick, _ = events.until("tick", accept=lambda data: True)
        assert tick["totals"]["alerts"] >= 5
        events.close()
        write(41)
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 6, "the alert while nobody listened")
        again = Events(admin, last)
        assert again.next()[0] == "snapshot"
        assert "00000041" in again.until("alert")[0]["alert_id"]
        admin.call("PATCH", "/api/v1/alerts/" + quoted(ALERT), {"status": "closed", "version": 1})
        assert again.until("alert_changed")[0]["status"] == "closed"
        again.close()
        old = Events(admin, "1-1")
        assert old.next()[0] == "snapshot" and old.next()[0] == "dropped"
        old.close()


def test_events_end_with_what_let_them_be_read():
    dashboard, admin = started()
    with dashboard:
        people(admin)
        others = Events(admin)

        def listens(user):
            events = Events(user)
            events.until("snapshot")
            return events

        anna = User(dashboard, "anna")

        def change(**what):
            assert admin.call("PATCH", "/api/v1/users/anna", what).status == 200

        def log_out():
            assert anna.call("DELETE", "/api/v1/session").status == 204

        ends = [log_out, lambda: change(role="viewer"), lambda: change(role="analyst", password=PASSWORD), lambda: change(disabled=True)]
        for number, end in enumerate(ends):
            anna = User(dashboard, "anna")
            events = listens(anna)
            end()
            with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
                alerts.write(alert_line(80 + number))
            assert f"{80 + number:08d}" not in json.dumps(events.end())
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 8, "the alerts came")
        assert [e["user"] for e in admin.get("/api/v1/audit?action=events.read")["items"]] == ["anna", "admin"]

        made = [admin.call("POST", "/api/v1/tokens", {"name": name, "scopes": ["read"]}).json for name in "ab"]
        first, second = (listens(User(dashboard, token=token["token"])) for token in made)
        assert admin.call("DELETE", "/api/v1/tokens/" + made[0]["id"]).status == 204
        first.end()
        for still in (second, others):
            still.until("tick")
            still.close()


def test_the_first_user_is_made_by_the_printed_link_and_only_once():
    with Dashboard(password=False) as dashboard:
        nobody = User(dashboard)
        assert nobody.get("/api/v1/setup") == {"needed": True}
        token = dashboard.stderr().split("/setup#")[1].split()[0]
        assert nobody.call("POST", "/api/v1/setup", {"token": "wrong", "user": "a", "password": PASSWORD}).status == 403
        assert nobody.call("POST", "/api/v1/setup", {"token": token, "user": "a", "password": "short"}).status == 400
        made = nobody.call("POST", "/api/v1/setup", {"token": token, "user": "boss", "password": PASSWORD})
        assert made.status == 200 and made.json["role"] == "admin", made
        assert nobody.call("POST", "/api/v1/setup", {"token": token, "user": "eve", "password": PASSWORD}).status == 409
        boss = User(dashboard, "boss")
        answer = boss.call("PATCH", "/api/v1/users/boss", {"password": "another long password", "current_password": PASSWORD})
        assert answer.status == 200, answer
        assert boss.call("GET", "/api/v1/session").status == 401
        User(dashboard, "boss", "another long password")


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
