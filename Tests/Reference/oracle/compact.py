"""Selects the cases that are committed: small ones, of every entry of the databases."""

from op_samples import Oracle

LARGEST = 12_000  # bytes of a case


class Selection:
    def __init__(self):
        self.cases = Oracle("oracle")

    def add(self, cases, outcomes, has_errors):
        """Takes the smallest case of an entry that passes, and the smallest with NaN; of what is refused, one."""
        wanted = "stopped: " if has_errors else "passed"
        passed = {name for name, outcome in outcomes if outcome.startswith(wanted)}
        entries = [entry for entry in cases.entries if entry["name"] in passed]
        sizes = {entry["name"]: self.size(cases, entry) for entry in entries}
        entries.sort(key=lambda entry: (entry["dtype"] != "float64", sizes[entry["name"]]))
        if has_errors:
            self.take(cases, entries[:1])
            return
        # One element shows little.
        rich = [entry for entry in entries if "output" not in entry
                or cases.tensors[entry["output"]].numel() > 1 and "equal_nan" not in entry]
        special = [entry for entry in entries if "equal_nan" in entry]
        self.take(cases, [entry for entry in (rich or entries)[:1] + special[:1]
                          if sizes[entry["name"]] <= LARGEST])

    @staticmethod
    def names(entry):
        return [entry[key] for key in ("output", "cotangent") if key in entry] + [
            name for key in ("inputs", "integers", "gradients") for name in entry.get(key, {}).values()]

    def size(self, cases, entry):
        return sum(cases.tensors[name].nbytes for name in self.names(entry))

    def take(self, cases, entries):
        for entry in entries:
            entry = dict(entry)
            if "error" in entry:
                entry["name"] = f"refused/{entry['name']}"
            for key in ("output", "cotangent"):
                if key in entry:
                    entry[key] = self.cases.store(f"{entry['name']}:{key}", cases.tensors[entry[key]])
            for key in ("inputs", "integers", "gradients"):
                entry[key] = {
                    argument: self.cases.store(f"{entry['name']}:{key}.{argument}", cases.tensors[name])
                    for argument, name in entry.get(key, {}).items()}
            entry.setdefault("attributes", {})
            self.cases.entries.append(entry)

    def write(self, directory):
        size = self.cases.write(directory)
        print(f"{len(self.cases.entries)} cases in {directory.name}, {size / 1000:.0f} kB")
