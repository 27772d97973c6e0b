"""`make setup`: detect the bundled scan that the app opens on, so that its first picture need not wait for it.

    python -m tools.first_scan

Once: what was found stays until the program changes. Whatever happens, setup goes on, and the app says what is wrong.
"""

from pages.ui.inputs.first_scan import detect_first_scan

if __name__ == "__main__":
    detect_first_scan()
