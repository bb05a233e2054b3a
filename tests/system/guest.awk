# Takes apart what tests/guest/run has printed, and compares it with what it printed on the host.
#
#     awk -v what=native -f guest.awk OUTPUT                 a line for each program: ok, or not ok and why
#     awk -v what=inside -f guest.awk OUTPUT-HERE OUTPUT     a line for each point of those that passed here
#
# Lines are "ok TEXT", "not ok TEXT # WHY" and "# TEXT", without numbers. `ending` says how the machine ended.

function result(passed, text, why) {
    print (passed ? "ok " : "not ok ") text (passed || why == "" ? "" : " # " why)
}

FNR == 1 { file++ }

/^# begin [0-9]+ / {
    number = $3
    name = $4
    running = 1
    points = failed = disorder = 0
    plan = ""
    if (file == 1)
        names[file, ++programs] = name
    else
        begun[name] = 1
    next
}

running && /^(not )?ok [0-9]+/ {
    passed = $1 == "ok"
    disorder = disorder || (passed ? $2 : $3) + 0 != ++points
    failed += !passed
    text = $0
    sub(/^(not )?ok [0-9]+ *-? */, "", text)
    comment = ""
    if (match(text, / # /)) {
        comment = substr(text, RSTART + 3)
        text = substr(text, 1, RSTART - 1)
    }
    if (what == "native" && !passed)
        failures[name] = failures[name] "\n# " $0
    if (what == "inside" && file == 1)
        wanted[name, points] = text
    if (what == "inside" && file == 2 && (name in host)) {
        if (text != wanted[name, points])
            result(0, name " " points ": " wanted[name, points], "said: " text)
        else
            result(passed && comment !~ /^SKIP/, name " " points ": " text, comment)
    }
    next
}

running && /^1\.\.[0-9]+/ {
    plan = substr($1, 4)
    next
}

running && /^# left / {
    left[file, name] = left[file, name] " " substr($0, 8)
    next
}

running && /^# end / && $3 == name {
    running = 0
    how = $4 ($5 == "" ? "" : " " $5)
    verdict = how == "exit 0" ? "" : how
    if (plan == "")
        verdict = verdict " no plan"
    else if (plan != points || disorder)
        verdict = verdict " " points " points of " plan
    if (what == "native") {
        result(verdict == "", name " passes on this machine", verdict)
        if (failures[name] != "")
            print substr(failures[name], 2)
    } else if (file == 1) {
        if (verdict == "") {
            host[name] = points
        }
    } else if (name in host) {
        if (verdict == "" && host[name] != points)
            verdict = points " points; " host[name] " on this machine"
        result(verdict == "", name " ends with " host[name] " points passed", verdict)
        if (left[2, name] != left[1, name])
            result(0, name " leaves what it leaves on this machine", left[2, name])
    }
    next
}

running && file == (what == "native" ? 1 : 2) && /[^ ]/ { last = $0 }

/^# end of list/ { if (file == (what == "native" ? 1 : 2)) finished = 1 }

# The host did not run, or did not pass, a program: nothing to compare with.
END {
    if (running)
        result(0, name " ends", ending "; it said last: " last)
    else if (!finished && number == "")
        result(0, "programs run", ending)
}
