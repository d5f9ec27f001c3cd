"""A host's limit is found, kept and remembered; what is silent or refuses for long is given up."""

import pytest

from app.domain import retry
from app.domain.hosts.control import HostControl
from app.domain.hosts.delivered import slot
from app.domain.hosts.exchange import Grant, HostState, Policy, Report
from app.domain.hosts.pace import HostPace
from tests.unit.domain.hosts.limiting_host import POLICY, LimitingHost, Simulation

NOW = 1_000.0
HOST = "cdn.example"


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "sliding", "bucket"])
@pytest.mark.parametrize("retry_after", [1.0, None])
def test_a_host_that_limits_its_callers_serves_all_at_nearly_its_rate(
    workers: int, window: str, retry_after: float | None
) -> None:
    host = LimitingHost(50, window)
    done = Simulation(host, workers=workers, retry_after=retry_after).run(1_500)
    assert done.given_up is None
    assert host.refused <= 0.02 * 1_500
    assert done.seconds <= 1.2 * 1_500 / 50


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "sliding", "bucket"])
@pytest.mark.parametrize("latency", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("rate", [20, 50])
def test_the_limit_of_a_host_far_away_is_found_as_well(
    rate: int, latency: float, window: str, workers: int
) -> None:
    host = LimitingHost(rate, window)
    images = 60 * rate
    done = Simulation(host, workers=workers, latency_seconds=latency).run(images)
    assert host.refused <= 0.05 * images
    # Answers that come at very different times, as those of 0.5 s do here, cost a lower rate.
    assert done.seconds <= (1.2 if latency < 0.5 else 1.35) * images / rate


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("latency", [0.005, 0.05, 0.1])
@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_the_first_seconds_draw_no_ban(workers: int, latency: float, window: str) -> None:
    host = LimitingHost(50, window, ban_seconds=10)
    Simulation(host, workers=workers, latency_seconds=latency, retry_after=None).run(1_500)
    assert host.bans == 0


def test_a_host_without_a_limit_is_soon_asked_without_one() -> None:
    simulation = Simulation(LimitingHost(10_000))
    simulation.run(400)
    assert simulation.control.pace.rate is None
    assert simulation.now < 1_000_000 + 1.5


def test_what_was_learnt_is_remembered() -> None:
    first = Simulation(LimitingHost(20))
    first.run(200)
    kept = HostControl.from_json(first.control.to_json())
    host = LimitingHost(20)
    again = Simulation(host, control=kept)
    again.now = first.now
    done = again.run(200)
    assert host.refused == 0
    assert done.seconds <= 1.15 * 200 / 20


def test_a_limit_that_is_lifted_is_noticed() -> None:
    simulation = Simulation(LimitingHost(20))
    simulation.run(400)
    simulation.host = LimitingHost(200)
    before = simulation.now
    simulation.run(10_000)
    assert simulation.now - before < 0.75 * 10_000 / 20


def refusal(at: float, *, retry_after: float | None = None, refused: int = 1) -> Report:
    return Report(
        refused=refused,
        first_refused_sent_at=at,
        refused_sent_at=at,
        retry_after=retry_after,
        ended=refused,
    )


def served(at: float, good: int = 1, *, probe: bool = False) -> Report:
    told = ((slot(at), good),)
    return Report(good=good, good_sent_at=at, good_sent=told, ended=good, probe_ended=probe)


def known(rate: float = 40.0) -> HostControl:
    """A host that has served for a while, with a limit that was found."""
    return HostControl(
        pace=HostPace(rate=rate, ceiling=rate / 0.94, climbed_at=NOW), answered_at=NOW - 1
    )


def test_the_refusals_of_a_burst_count_once() -> None:
    control = known(40)
    control.note(refusal(NOW - 0.1, refused=7), NOW, POLICY, HOST)
    halved = control.pace.rate
    control.note(refusal(NOW - 0.05, refused=9), NOW + 0.1, POLICY, HOST)
    assert control.pace.rate == halved
    assert control.pace.rate is not None
    assert control.pace.rate <= 20
    assert control.pauses == 1


def test_retry_after_holds_everybody_and_one_request_probes_behind_it() -> None:
    control = known()
    control.note(refusal(NOW - 0.1, retry_after=30), NOW, POLICY, HOST)
    assert control.state(NOW) is HostState.PAUSED
    early = control.grant(100, NOW + 29, POLICY)
    assert (early.permits, early.held, early.wait) == (0, True, pytest.approx(1))
    probe = control.grant(100, NOW + 30.1, POLICY)
    assert (probe.permits, probe.probe) == (1, True)
    assert control.grant(100, NOW + 30.2, POLICY).permits == 0
    control.note(served(NOW + 30.1, probe=True), NOW + 30.3, POLICY, HOST)
    assert control.grant(100, NOW + 30.4, POLICY).permits > 1
    assert control.state(NOW + 30.4) is HostState.SLOWED


def test_answers_to_earlier_requests_do_not_end_the_pause() -> None:
    control = known()
    control.note(refusal(NOW - 0.1, retry_after=10), NOW, POLICY, HOST)
    control.note(served(NOW - 0.2, good=20), NOW + 0.1, POLICY, HOST)
    control.note(served(NOW + 0.1, good=2), NOW + 0.2, POLICY, HOST)
    assert control.grant(10, NOW + 5, POLICY).held


def test_a_probe_whose_worker_died_is_replaced() -> None:
    control = known()
    control.note(refusal(NOW - 0.1, retry_after=1), NOW, POLICY, HOST)
    assert control.grant(5, NOW + 2, POLICY).probe
    late = NOW + 2 + POLICY.timeout_seconds + retry.HOST_PROBE_SPARE_SECONDS + 0.1
    assert control.grant(5, late, POLICY).probe


def test_a_refused_probe_waits_longer_each_time() -> None:
    control, at, waits = known(), NOW, []
    for _ in range(9):
        control.note(replace_probe(refusal(at)), at, POLICY, HOST)
        waits.append(control.paused_until - at)
        at = control.paused_until + 0.1
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60])


def replace_probe(report: Report) -> Report:
    return report._replace(probe_ended=True)


def test_all_that_wait_fail_when_the_patience_is_over() -> None:
    policy = POLICY._replace(patience_seconds=60)
    control, at = known(), NOW
    for _ in range(20):
        given_up = control.note(replace_probe(refusal(at, retry_after=10)), at, policy, HOST)
        if given_up is not None:
            break
        at += 10.1
    assert given_up is not None
    assert given_up.code == "rate_limited"
    assert HOST in given_up.message
    assert 60 <= at - NOW < 75


def test_the_patience_counts_from_the_last_good_answer() -> None:
    policy = POLICY._replace(patience_seconds=60)
    control = known()
    for at in range(0, 300, 50):
        moment = NOW + at
        assert control.note(refusal(moment, retry_after=20), moment, policy, HOST) is None
        assert control.note(served(moment + 25), moment + 26, policy, HOST) is None


def test_somebody_looks_when_the_patience_ends_before_the_pause() -> None:
    policy = POLICY._replace(patience_seconds=60)
    control = known()
    control.note(refusal(NOW, retry_after=55), NOW, policy, HOST)
    control.note(replace_probe(refusal(NOW + 55.1, retry_after=55)), NOW + 55.2, policy, HOST)
    assert control.grant(1, NOW + 56, policy).wait == pytest.approx(4, abs=0.1)
    given_up = control.note(Report(), NOW + 60.1, policy, HOST)
    assert given_up is not None
    assert given_up.code == "rate_limited"


def test_one_that_asks_for_more_than_our_patience_again_and_again_is_given_up() -> None:
    control = known()
    told = Report(impatient=1, error="cdn.example asks us to wait for 24 hours.")
    ends = [control.note(told, NOW + n, POLICY, HOST) for n in range(retry.HOST_IMPATIENT_AFTER)]
    assert ends[:-1] == [None] * (retry.HOST_IMPATIENT_AFTER - 1)
    assert ends[-1] is not None
    assert (ends[-1].code, ends[-1].message) == ("rate_limited", told.error)


def test_single_ones_that_ask_for_too_much_do_not_hold_the_others() -> None:
    control = known()
    for n in range(50):
        assert control.note(Report(impatient=1), NOW + n, POLICY, HOST) is None
        assert control.note(served(NOW + n), NOW + n, POLICY, HOST) is None
    assert control.grant(10, NOW + 50, POLICY).permits > 0


def failures(failed: int, *, probe: bool = False) -> Report:
    return Report(failed=failed, ended=failed, probe_ended=probe, error="It did not answer.")


def test_a_host_that_answers_nobody_is_tried_by_one_and_then_given_up() -> None:
    control, at = HostControl(), NOW
    control.grant(100, at, POLICY)
    assert control.note(failures(10), at, POLICY, HOST) is None
    assert control.state(at) is HostState.UNREACHABLE
    tries, given_up = 1, None
    while given_up is None:
        at = control.paused_until
        grant = control.grant(10_000, at, POLICY)
        assert (grant.permits, grant.probe, grant.silent) == (1, True, True)
        assert control.grant(10_000, at + 1, POLICY).permits == 0
        at += POLICY.timeout_seconds
        given_up = control.note(failures(1, probe=True), at, POLICY, HOST)
        tries += 1
    assert tries == POLICY.max_attempts
    assert (given_up.code, HOST in given_up.message) == ("host_unreachable", True)
    assert at - NOW < POLICY.max_attempts * (POLICY.timeout_seconds + 8)


def test_one_answer_brings_a_silent_host_back() -> None:
    control = HostControl()
    control.note(failures(10), NOW, POLICY, HOST)
    at = control.paused_until
    assert control.grant(5, at, POLICY).probe
    control.note(served(at, probe=True), at + 0.1, POLICY, HOST)
    assert control.state(at + 0.2) is HostState.OK
    assert control.grant(5, at + 0.2, POLICY).permits >= 1


def test_time_outs_among_answers_are_the_images_own() -> None:
    control = known()
    for n in range(200):
        control.note(Report(good=1, good_sent_at=NOW + n, failed=3), NOW + n, POLICY, HOST)
        control.note(failures(4), NOW + n, POLICY, HOST)
    assert control.state(NOW + 200) is HostState.SLOWED


def test_a_server_error_is_an_answer_of_a_host_that_lives() -> None:
    control = HostControl()
    control.note(failures(7), NOW, POLICY, HOST)
    control.note(Report(broken=1), NOW, POLICY, HOST)
    control.note(failures(7), NOW, POLICY, HOST)
    assert control.state(NOW) is HostState.OK


def test_a_host_that_never_answered_gets_a_handful_of_requests() -> None:
    control, granted = HostControl(), 0
    for n in range(450):
        granted += control.grant(100, NOW + n * 0.02, POLICY).permits
    assert granted == retry.HOST_FIRST_CONTACT


def test_permits_of_a_dead_worker_do_not_block_a_new_host() -> None:
    control = HostControl()
    for n in range(100):
        control.grant(100, NOW + n * 0.05, POLICY)
    assert control.grant(100, NOW + 6, POLICY).permits == 0
    late = NOW + 6 + retry.HOST_OUTSTANDING_SECONDS
    assert control.grant(100, late, POLICY).permits > 0


def test_the_operators_rate_is_kept_from_the_first_request() -> None:
    policy = Policy(900, 4, 30, max_rate=2.0)
    control, granted = HostControl(), 0
    for n in range(500):
        granted += control.grant(100, NOW + n * 0.02, policy).permits
    assert granted == pytest.approx(20, abs=2)


def test_permits_are_spaced_over_the_time_ahead() -> None:
    control = known(40)
    grant = control.grant(100, NOW, POLICY)
    assert grant == Grant(permits=11, delay=0.0, spacing=pytest.approx(1 / 40))
    assert control.grant(100, NOW, POLICY).permits <= 1


def test_a_refusal_without_much_demand_costs_half_and_no_more() -> None:
    control = known(40)
    control.note(refusal(NOW), NOW, POLICY, HOST)
    assert control.pace.rate == pytest.approx(10)
    assert control.pace.ceiling == pytest.approx(20)


def test_a_host_that_refuses_from_the_start_is_asked_more_slowly() -> None:
    control = HostControl()
    control.note(refusal(NOW), NOW, POLICY, HOST)
    assert control.pace.rate == retry.HOST_CAREFUL_RATE / 2
    at = control.paused_until + 0.1
    control.note(served(at, probe=True), at, POLICY, HOST)
    assert control.grant(5, at, POLICY).permits >= 1


def test_a_clock_that_is_set_back_holds_nobody_for_as_long() -> None:
    back = 500.0
    control = known(40)
    control.note(refusal(NOW, retry_after=30), NOW, POLICY, HOST)
    control.note(Report(), NOW - back, POLICY, HOST)
    held = control.grant(1, NOW - back + 1, POLICY)
    assert held.held
    assert held.wait == pytest.approx(29, abs=1)
    free = known(40)
    free.grant(100, NOW, POLICY)
    free.note(served(NOW), NOW, POLICY, HOST)
    free.note(Report(), NOW - back, POLICY, HOST)
    assert free.grant(10, NOW - back + 1, POLICY).permits > 0


def test_retry_after_nothing_is_no_wish_to_be_asked_at_once() -> None:
    control, at = known(), NOW
    for wait in (1, 2, 4):
        control.note(replace_probe(refusal(at, retry_after=0.0)), at, POLICY, HOST)
        assert control.paused_until - at == pytest.approx(wait)
        at = control.paused_until + 0.1


def test_a_host_that_comes_back_broken_is_asked_as_usual() -> None:
    control, at = HostControl(), NOW
    control.note(failures(10), at, POLICY, HOST)
    while control.note(failures(1, probe=True), at, POLICY, HOST) is None:
        at = control.paused_until
    at = control.paused_until
    assert control.grant(50, at, POLICY).probe
    control.note(Report(broken=1, ended=1, probe_ended=True), at + 0.1, POLICY, HOST)
    assert control.state(at + 0.2) is HostState.OK
    assert not control.grant(50, at + 0.2, POLICY).probe


def test_a_control_of_another_version_is_read() -> None:
    control = HostControl(pace=HostPace(rate=7.0), silent=3)
    stored = control.to_json() | {"from_the_future": 1}
    del stored["tries"], stored["pace"]["served"], stored["pace"]["delivered"]
    assert HostControl.from_json(stored) == control
    del stored["pace"]
    assert HostControl.from_json(stored) == HostControl(silent=3)


def test_a_late_answer_during_another_pause_says_nothing_of_the_limit() -> None:
    control = known(40)
    control.note(failures(10), NOW, POLICY, HOST)
    while control.note(failures(1, probe=True), NOW + 40, POLICY, HOST) is None:
        pass
    assert control.pauses == 1
    control.note(served(NOW + 1), NOW + 41, POLICY, HOST)
    assert control.pace.ceiling == pytest.approx(40 / 0.94)
    assert control.pace.rate == pytest.approx(40)


def test_late_answers_count_by_when_they_were_asked_for() -> None:
    control = HostControl(pace=HostPace(rate=100.0, ceiling=50.0))
    control.note(served(NOW - 0.5, good=30), NOW, POLICY, HOST)
    control.note(refusal(NOW, retry_after=60), NOW + 0.1, POLICY, HOST)
    assert (control.pace.ceiling, control.pace.rate) == (30, 15)
    control.note(served(NOW - 0.2, good=12), NOW + 0.5, POLICY, HOST)
    control.note(served(NOW + 20), NOW + 30, POLICY, HOST)
    assert (control.pace.ceiling, control.pace.rate) == (42, 21)


def test_what_was_delivered_is_counted_anew_when_the_clock_was_set_back() -> None:
    control = HostControl()
    control.note(served(NOW, good=30), NOW, POLICY, HOST)
    earlier = NOW - 500
    control.note(served(earlier, good=25), earlier + 0.5, POLICY, HOST)
    control.note(refusal(earlier + 0.6), earlier + 0.7, POLICY, HOST)
    assert control.pace.ceiling == pytest.approx(25)
