"""Guards, each with what takes it out and the test that must then fail. `make sabotage` tries them, in a copy.

A test that cannot fail proves nothing. Rows are those of docs/attacks.md, and V… of ASVS 5.0.0.
"""

from typing import NamedTuple


class Sabotage(NamedTuple):
    """One guard: where it stands, word by word and once; what stands there instead; what notices."""

    rows: str
    file: str
    guard: str
    instead: str
    test: str


def _package(test: str) -> str:
    return f"tests/package/{test}"


SABOTAGES = (
    Sabotage(
        "I7",
        "dsr/package/cells.py",
        '''first = "'" if _FORMULA.match(text) else ""''',
        'first = ""',
        _package("test_hostile.py::test_no_cell_is_live_whatever_stands_between_them"),
    ),
    Sabotage(
        "I8 I9",
        "dsr/package/pdf_child.py",
        'raise ValueError("a report loads nothing")',
        "return super().fetch(url)",
        _package("test_pdf_child.py::test_a_page_full_of_references_fetches_none_and_unpacks_no_bomb"),
    ),
    Sabotage(
        "I8 I9 V15.2.5",
        "dsr/package/pdf_child.py",
        "    sys.addaudithook(_guard)\n",
        "",
        _package("test_report.py::test_whatever_draws_in_the_child_is_under_its_hook"),
    ),
    Sabotage(
        "I8 I16",
        "dsr/package/markup.py",
        "if cell.quiet else escape(cell.text)",
        "if cell.quiet else cell.text",
        _package("test_hostile.py::test_every_cell_is_text_where_it_is_shown"),
    ),
    Sabotage(
        "I11",
        "dsr/package/brought.py",
        "_require_bounds(len(entries), sum(entry.file_size for entry in entries), most)",
        "pass",
        _package("test_bent_packages.py::test_more_than_is_allowed_is_refused_before_it_is_unpacked"),
    ),
    Sabotage(
        "I12",
        "dsr/steps/frames.py",
        '"msg": message,',
        '"msg": record.getMessage(),',
        "tests/test_doorbell.py::test_whatever_is_logged_is_one_line",
    ),
    Sabotage(
        "I19",
        "dsr/datamap/marked.py",
        "class _Loader(yaml.CSafeLoader):",
        "class _Loader(yaml.CUnsafeLoader):",
        "tests/datamap/test_load.py::test_a_map_makes_no_object_and_calls_nothing",
    ),
    Sabotage(
        "I29 A10",
        "dsr/egress/client.py",
        "if _origin(target) not in self._allowed:",
        "if not self._allowed:",
        "tests/egress/test_client.py::test_every_other_address_is_refused_before_anything_is_sent",
    ),
    Sabotage(
        "I29",
        "dsr/egress/addresses.py",
        "return all(one.is_global and not one.is_multicast for one in (address, meant))",
        "return address.is_global",
        "tests/egress/test_addresses.py::test_what_is_not_of_the_internet_is_private",
    ),
    Sabotage(
        "I23",
        "dsr/steps/fulfilling/execution.py",
        "    if held:\n",
        "    if held and not untouched:\n",
        "tests/steps/deciding/test_holds.py::test_a_hold_that_is_set_after_the_claim_stops_the_first_effect",
    ),
    Sabotage(
        "A16 V6.5.1",
        "dsr/steps/asking/verification.py",
        'if not unspent.filter(pk=proof.pk, tries__lt=TRIES).update(tries=F("tries") + 1):',
        'if not unspent.filter(pk=proof.pk).update(tries=F("tries") + 1):',
        "tests/steps/asking/test_verification.py::test_five_wrong_codes_end_the_code",
    ),
    Sabotage(
        "I24 V6.5.1",
        "dsr/steps/asking/verification.py",
        "won = Proof.objects.filter(pk=proof.pk, spent_at=None).update(spent_at=at)",
        "won = Proof.objects.filter(pk=proof.pk).update(spent_at=at)",
        "tests/steps/asking/test_verification.py::test_of_two_who_type_the_code_at_once_one_wins",
    ),
    Sabotage(
        "A17 V2.3.5",
        "dsr/steps/deciding/approval.py",
        "if by.kind is not ActorKind.STAFF or str(subject_request.accepted_by_id) == by.id:",
        "if by.kind is not ActorKind.STAFF:",
        "tests/test_walk.py::test_who_accepted_an_erasure_cannot_approve_it",
    ),
    Sabotage(
        "V2.3.5",
        "dsr/steps/deciding/approval.py",
        "if manifest is None or digest != manifest.digest or _digest_on_disk(manifest) != digest:",
        "if manifest is None:",
        "tests/desk/test_decisions.py::test_another_manifest_than_the_one_seen_is_not_approved",
    ),
    Sabotage(
        "V11.3.3",
        "dsr/sealing/fields.py",
        "return AESGCM(ring.key(kid)).decrypt(_bytes(nonce), _bytes(ciphertext), place.encode())",
        'return AESGCM(ring.key(kid)).decrypt(_bytes(nonce), _bytes(ciphertext), b"identity/1/value")',
        "tests/sealing/test_fields.py::test_a_sealed_text_opens_nowhere_else",
    ),
    Sabotage(
        "V11.2.2",
        "dsr/models/sealed.py",
        "if known is None or version not in (known[0], None):",
        "if known is None:",
        "tests/models/test_rotation.py::test_a_key_is_changed_under_load_without_a_read_error",
    ),
    Sabotage(
        "V11.2.2",
        "dsr/models/plan.py",
        "return keyed_hash_by(sealed.ring(Role.EFFECTS), self.effects_kid, purpose, value)",
        "return keyed_hash_by(sealed.ring(Role.EFFECTS), sealed.ring(Role.EFFECTS).current, purpose, value)",
        "tests/models/test_rotation.py::"
        "test_an_effect_that_is_tried_again_after_a_change_of_keys_is_the_same_to_its_system",
    ),
    Sabotage(
        "I23 V11.2.2",
        "dsr/models/sealed.py",
        'return fields.keyed_hash_by(ring(Role.LOOKUP), "", f"identity:{kind}", value)',
        'return fields.keyed_hash(ring(Role.LOOKUP), f"identity:{kind}", value)',
        "tests/steps/deciding/test_blocking.py::"
        "test_a_freeze_of_before_a_change_of_keys_is_found_by_statements_about_what_is_asked_afterwards",
    ),
    Sabotage(
        "I28",
        "dsr/steps/fulfilling/suppression.py",
        "hash=keyed_hash(ring, _purpose(subject_request.controller, kind), value),",
        'hash=keyed_hash(ring, "elsewhere", value),',
        "tests/steps/fulfilling/test_replay.py::test_who_comes_back_with_a_backup_is_erased_again",
    ),
    Sabotage(
        "I28",
        "dsr/steps/fulfilling/suppression.py",
        "wanted[kind], before is True, when is not None)",
        "wanted[kind], before is True, True)",
        "tests/steps/fulfilling/test_replay_of_others.py::"
        "test_an_older_account_that_takes_an_erased_address_over_stays",
    ),
    Sabotage(
        "V15.4.2",
        "dsr/steps/fulfilling/execution.py",
        "    if not ours:  # its lease ran out",
        "    if False:  # its lease ran out",
        "tests/steps/fulfilling/test_fences.py::"
        "test_a_worker_that_lost_its_lease_erases_no_row_that_took_the_number_of_an_erased_one",
    ),
    Sabotage(
        "A11",
        "dsr/steps/asking/second.py",
        "if not one_mailbox(each, own.value())]",
        "if each != own.value()]",
        "tests/steps/asking/test_second.py::test_the_mailbox_in_another_spelling_is_no_second_channel",
    ),
    Sabotage(
        "A11",
        "dsr/steps/asking/second.py",
        "if moment is None and not moments.blank(cell):",
        "if False:",
        "tests/steps/asking/test_unseen.py::test_what_is_no_moment_waits_for_a_person_and_is_never_taken_for_lately",
    ),
    Sabotage(
        "I15",
        "dsr/steps/post/outbox.py",
        "frozenset({Letter.UNPROVEN, Letter.LAPSED})",
        "frozenset({Letter.LAPSED})",
        "tests/steps/asking/test_reminding.py::"
        "test_however_many_requests_a_stranger_files_the_mailbox_is_reminded_once_a_day",
    ),
    Sabotage(
        "A19",
        "dsr/steps/deciding/merging.py",
        "and (ladder.settled(each) or not sure)",
        "and (ladder.settled(each) or sure)",
        "tests/steps/asking/test_assertions.py::"
        "test_a_request_from_the_app_is_never_merged_into_one_that_still_waits_for_proof",
    ),
    Sabotage(
        "A9 A10 V6.3.6",
        "dsr/steps/answering/grants.py",
        "if not opening.shown(subject_request, sessions, at=at):",
        "if False:",
        "tests/steps/answering/test_opening.py::test_whoever_reads_the_mail_alone_opens_nothing",
    ),
    Sabotage(
        "A9",
        "dsr/steps/asking/assertions.py",
        "if not _same_account(_sure(subject_request), vouched):",
        "if not vouched:",
        "tests/steps/answering/test_opening.py::test_an_account_of_mallorys_own_opens_nothing_of_sams",
    ),
    Sabotage(
        "A18",
        "dsr/steps/asking/assertions.py",
        "if _is_another(subject_request, identifiers):",
        "if False:",
        "tests/steps/answering/test_opening.py::test_beside_an_account_that_is_known_surely_nobody_puts_another",
    ),
    Sabotage(
        "V13.3.2",
        "dsr/urls.py",
        "with registry.none_built():",
        "if True:",
        "tests/test_secrets_of_systems.py::test_a_page_that_would_reach_a_system_gets_no_connector",
    ),
    Sabotage(
        "V13.3.2",
        "dsr/management/processes.py",
        "if name not in theirs",
        "if name or theirs",
        "tests/test_secrets_of_systems.py::test_the_web_server_has_no_secret_of_a_system_but_all_else",
    ),
)
