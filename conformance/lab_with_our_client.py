"""For pytest in the lab of `ecosystem.py`: our supervisorctl where scenarios use that of the Python release."""
import lab

lab.ORIGINAL_CTL = lab.SUPERVISORCTL
