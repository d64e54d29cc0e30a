"""Machines: the models of the theories at finite size, sampled, enumerated and measured."""
