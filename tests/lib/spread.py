"""
Which tests go to one worker: those of a file, which share what they started.
The longest files share nothing and are cut into so many pieces, so that
nobody waits for one worker at the end.
"""
PIECES = {"test_enroll": 4, "test_floods": 2}


def group(items, mark):
    """Marks tests for pytest -n N --dist loadgroup."""
    for count, item in enumerate(items):
        name = item.module.__name__
        piece = count % PIECES.get(name, 1)
        item.add_marker(mark.xdist_group(f"{name}-{piece}"))
