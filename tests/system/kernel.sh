# For kernel-*.t, to be read after lib.sh and boot.sh: boots the self-tests of tests/kernel/ and turns what they report
# (KTAP) into test points.
#
#     selftests "PVH, 4 processors, debug" "$build/selftest-debug.elf" --firmware none --smp 4
#
# A boot that does not come to its end is one more point that fails, and says how it ended: hang, panic, reset, loader.

# All tests of one boot together, on a machine that does something else beside.
limit=180

# How the last boot ended, in a word: from the status of `corrode run`, and what it said of it.
ending() {
    case $status in
    0) echo success ;;
    1) echo failure ;;
    124) echo hang ;;
    125) echo "no start" ;;
    126) case $err in
        *'it reset itself'*) echo reset ;;
        *) echo panic ;;
        esac ;;
    *) echo "status $status" ;;
    esac
}

# What came of a boot: a line "ok|not ok NAME[ # what]" for each result, from KTAP; then "end VERDICT", where the verdict
# is empty if all is as it should be: a version, a plan, as many results as were planned, numbered in order, and an exit
# status that agrees with them.
ktap_results() {
    printf '%s\n' "$out" | awk -v ending="$(ending)" '
        /^KTAP version 1$/ { version = 1 }
        version && /^1\.\.[0-9]+$/ { plan = substr($0, 4); planned = 1 }
        planned && /^(not )?ok [0-9]+ / {
            passed = $1 == "ok"
            number = passed ? $2 : $3
            if (number != ++results)
                disorder = 1
            failures += !passed
            sub(/^(not )?ok [0-9]+ /, "")
            print (passed ? "ok" : "not ok") " " $0
        }
        END {
            wanted = failures || plan + 0 == 0 ? "failure" : "success"
            if (!planned)
                verdict = "no plan"
            else if (results + 0 != plan || disorder)
                verdict = results + 0 " results in place of " plan
            if (verdict || ending != wanted)
                verdict = ending (verdict ? ", " verdict : "")
            print "end " verdict
        }'
}

# selftests NAME KERNEL ARGUMENTS...: with $kernel_options on the command line, if they are set. A point for every test of one boot, and one for its end.
selftests() {
    selftests_name=$1
    selftests_kernel=$2
    shift 2
    # One such boot at a time, whatever tests run beside: they measure time, on as many processors as they have.
    exec 9>"$build/selftests.lock"
    flock 9 2>/dev/null || :
    # shellcheck disable=SC2086 # options are words
    boot "$@" "$selftests_kernel" ${TEST:+"test=$TEST"} ${kernel_options-} 9>&-
    exec 9>&-
    ktap_results >"$tmp/.results"
    while read -r selftests_line; do
        case $selftests_line in
        'not ok '*)
            point "${selftests_line#not ok } ($selftests_name)" 1
            printf '%s\n' "$out" | grep '^# ' | tail -n 10
            ;;
        'ok '*' # SKIP '*)
            selftests_test=${selftests_line#ok }
            skip "${selftests_test%% # SKIP *} ($selftests_name)" "${selftests_test#* # SKIP }"
            ;;
        'ok '*) point "${selftests_line#ok } ($selftests_name)" 0 ;;
        end) point "the tests came to their end ($selftests_name)" 0 ;;
        end*)
            point "the tests came to their end ($selftests_name)" 1
            explain "${selftests_line#end }" "$* $selftests_kernel"
            ;;
        esac
    done <"$tmp/.results"
}

# all_selftests FIRMWARE WORD: FIRMWARE is an option of `corrode run`, WORD says the same in names. Both kernels, on one processor and on four.
all_selftests() {
    for smp in 1 4; do
        for flavour in release debug; do
            suffix=
            [ $flavour = release ] || suffix=-debug
            selftests "$2, $smp processors, $flavour" "$build/selftest$suffix.elf" --firmware "$1" --smp $smp
        done
    done
}
