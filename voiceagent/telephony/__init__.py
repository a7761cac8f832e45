"""Phones: the pjsua2 softphone, the line, DTMF, the recorder, the AMI client and a fake."""
