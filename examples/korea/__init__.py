"""The sample nation: a population made up from public statistics, in sixteen registers. Nobody in it is or was a person.

rrn        resident numbers that no person ever had
places     districts, their neighbourhoods, and the ages that live there
names      family and given names, and how passports spell them
people     persons and households, before any register knows them
households a district's people sorted into households
kin        families across households: marriages ended, parents elsewhere, the dead and the emigrated
known      residents who are the same whatever the size and seed, for examples and tests
lives      work and income, which several registers agree on
civil, money, things, travel, petitions
           the rows of the registers, and residents' consents
nation     the parts of the nation, each made on its own
load       `python -m examples.korea.load`: fills sixteen databases, and the gateway's own
mma        `python -m examples.korea.mma`: the military service register's HTTP API
"""
